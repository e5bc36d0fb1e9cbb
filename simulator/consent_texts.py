"""What the authorization page says: Portuguese on Brazil's host, Spanish on the others."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Texts:
    lang: str
    brand: str
    eyebrow: str
    wants_access: str
    lead: str
    permissions: tuple[str, ...]
    enter_as: str
    operator: str
    no_sellers: str
    deny: str
    allow: str
    going_back: str
    foot: str
    cannot_connect: str
    not_connectable: str
    reasons: dict[str, str]


TEXTS = {
    "pt-BR": Texts(
        lang="pt-BR",
        brand="Mercado Livre",
        eyebrow="Conectar aplicativo",
        wants_access="quer acessar a sua conta",
        lead="Se você autorizar, o aplicativo poderá:",
        permissions=(
            "Ler anúncios, pedidos e dados da conta",
            "Alterar anúncios: preço, estoque e situação",
            "Continuar com acesso enquanto você não estiver conectado",
        ),
        enter_as="Entrar como",
        operator="colaborador",
        no_sellers="Nenhum vendedor foi criado ainda.",
        deny="Negar",
        allow="Autorizar",
        going_back="Você voltará para",
        foot="O acesso pode ser retirado a qualquer momento nas configurações da conta.",
        cannot_connect="Não foi possível conectar",
        not_connectable="O aplicativo não pode ser conectado à sua conta.",
        reasons={
            "unknown_app": "O aplicativo que pede acesso não existe.",
            "blocked_app": "O aplicativo que pede acesso está bloqueado.",
            "redirect_uri": "O endereço de retorno não é igual a nenhum dos endereços registrados pelo aplicativo.",
            "response_type": "O pedido de autorização precisa de response_type=code.",
            "pkce_method": "O método de PKCE precisa ser S256 ou plain.",
            "choose": "Escolha um vendedor e uma das duas respostas.",
            "kyc": "Há documentos pendentes, da conta ou do dono do aplicativo, ou a conta tem uma restrição.",
        },
    ),
    "es": Texts(
        lang="es",
        brand="Mercado Libre",
        eyebrow="Conectar aplicación",
        wants_access="quiere acceder a tu cuenta",
        lead="Si autorizas, la aplicación podrá:",
        permissions=(
            "Leer publicaciones, ventas y datos de la cuenta",
            "Modificar publicaciones: precio, stock y estado",
            "Seguir con acceso mientras no estés conectado",
        ),
        enter_as="Ingresar como",
        operator="colaborador",
        no_sellers="Todavía no se creó ningún vendedor.",
        deny="Rechazar",
        allow="Autorizar",
        going_back="Volverás a",
        foot="Puedes quitar el acceso cuando quieras en la configuración de tu cuenta.",
        cannot_connect="No se pudo conectar",
        not_connectable="La aplicación no se puede conectar a tu cuenta.",
        reasons={
            "unknown_app": "La aplicación que pide acceso no existe.",
            "blocked_app": "La aplicación que pide acceso está bloqueada.",
            "redirect_uri": "La dirección de retorno no es igual a ninguna de las registradas por la aplicación.",
            "response_type": "El pedido de autorización necesita response_type=code.",
            "pkce_method": "El método de PKCE debe ser S256 o plain.",
            "choose": "Elige un vendedor y una de las dos respuestas.",
            "kyc": "Hay documentos pendientes, de la cuenta o del dueño de la aplicación, o la cuenta tiene una restricción.",
        },
    ),
}
