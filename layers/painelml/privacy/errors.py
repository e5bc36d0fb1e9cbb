"""What can be wrong with a wish about a tenant's data."""

from __future__ import annotations

from typing import ClassVar

from painelml.core.errors import Conflict, Text


class ExportRunning(Conflict):
    code = "export_running"
    title: ClassVar[Text] = {"pt-BR": "Exportação em andamento", "en": "Export under way"}
    detail: ClassVar[Text] = {
        "pt-BR": "Já há uma exportação em andamento. Acompanhe em GET /tenant/exports.",
        "en": "An export is under way already. Follow it with GET /tenant/exports.",
    }


class ExportNotReady(Conflict):
    code = "export_not_ready"
    title: ClassVar[Text] = {"pt-BR": "Exportação indisponível", "en": "Export not available"}
    detail: ClassVar[Text] = {
        "pt-BR": "Os arquivos ainda não estão prontos, ou já expiraram. Veja o status em GET /tenant/exports ou peça outra.",
        "en": "The files are not ready yet, or have expired. See the status with GET /tenant/exports, or ask for another.",
    }
