-- Questions and messages have a switch of their own beside orders and items. Null inherits, as for the others.
alter table app.settings add column sync_questions boolean;
alter table app.ml_account_settings add column sync_questions boolean;
