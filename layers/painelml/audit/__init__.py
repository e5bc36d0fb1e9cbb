"""Who did what, in an append-only log with one hash chain for each tenant. Others need only these two names."""

from painelml.audit.models import AuditEvent
from painelml.audit.service import record

__all__ = ["AuditEvent", "record"]
