"""What can be wrong with a wish about a tenant."""

from __future__ import annotations

from typing import ClassVar

from painelml.core.errors import Conflict, Text


class EmailTaken(Conflict):
    code = "email_taken"
    title: ClassVar[Text] = {"pt-BR": "E-mail já usado", "en": "E-mail already used"}
    detail: ClassVar[Text] = {
        "pt-BR": "Já existe um cadastro com este e-mail. Entre com ele ou use outro. Nada foi gravado.",
        "en": "This e-mail is already registered. Log in with it or use another. Nothing was written.",
    }


class MoveNotAllowed(Conflict):
    """`moved_from` and `to` are statuses; `allowed` lists where `moved_from` may go."""

    code = "move_not_allowed"
    title: ClassVar[Text] = {"pt-BR": "Mudança de situação não permitida", "en": "Status change not allowed"}
    detail: ClassVar[Text] = {
        "pt-BR": "Um tenant {moved_from} não pode passar a {to}; pode passar a: {allowed}. Nada foi gravado.",
        "en": "A {moved_from} tenant cannot become {to}; it can become: {allowed}. Nothing was written.",
    }
