"""Who did what, in an append-only log with one hash chain for each tenant. Others need only these names."""

from painelml.audit.models import AuditEvent, Detail
from painelml.audit.service import record, record_outside

__all__ = ["AuditEvent", "Detail", "record", "record_outside"]
