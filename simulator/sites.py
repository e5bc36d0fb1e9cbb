"""The countries: their site, currency, language and authorization hosts, and the resources that list them."""

from dataclasses import dataclass

from starlette.requests import Request
from starlette.responses import Response

from .errors import not_found
from .gateway import Simulator, answer, authenticate

LISTING_TYPES = (("gold_pro", "Premium"), ("gold_special", "Clássico"), ("free", "Grátis"))


@dataclass(frozen=True, slots=True)
class Site:
    name: str
    country: str
    currency: str
    auth_hosts: tuple[str, ...]

    @property
    def language(self) -> str:
        return "pt-BR" if self.country == "BR" else "es"


# Costa Rica's host differs between sources, so both are served; the last six are inferred from the pattern.
SITES = {
    "MLB": Site("Brasil", "BR", "BRL", ("auth.mercadolivre.com.br",)),
    "MLA": Site("Argentina", "AR", "ARS", ("auth.mercadolibre.com.ar",)),
    "MLM": Site("México", "MX", "MXN", ("auth.mercadolibre.com.mx",)),
    "MLC": Site("Chile", "CL", "CLP", ("auth.mercadolibre.cl",)),
    "MCO": Site("Colombia", "CO", "COP", ("auth.mercadolibre.com.co",)),
    "MLU": Site("Uruguay", "UY", "UYU", ("auth.mercadolibre.com.uy",)),
    "MPE": Site("Perú", "PE", "PEN", ("auth.mercadolibre.com.pe",)),
    "MLV": Site("Venezuela", "VE", "USD", ("auth.mercadolibre.com.ve",)),
    "MEC": Site("Ecuador", "EC", "USD", ("auth.mercadolibre.com.ec",)),
    "MRD": Site("Dominicana", "DO", "DOP", ("auth.mercadolibre.com.do",)),
    "MPA": Site("Panamá", "PA", "USD", ("auth.mercadolibre.com.pa",)),
    "MCR": Site("Costa Rica", "CR", "CRC", ("auth.mercadolibre.com.cr", "auth.mercadolibre.co.cr")),
    "CBT": Site("Global Selling", "US", "USD", ("global-selling.mercadolibre.com",)),
    "MBO": Site("Bolivia", "BO", "BOB", ("auth.mercadolibre.com.bo",)),
    "MPY": Site("Paraguay", "PY", "PYG", ("auth.mercadolibre.com.py",)),
    "MGT": Site("Guatemala", "GT", "GTQ", ("auth.mercadolibre.com.gt",)),
    "MHN": Site("Honduras", "HN", "HNL", ("auth.mercadolibre.com.hn",)),
    "MNI": Site("Nicaragua", "NI", "NIO", ("auth.mercadolibre.com.ni",)),
    "MSV": Site("El Salvador", "SV", "USD", ("auth.mercadolibre.com.sv",)),
}
BY_HOST = {host: site_id for site_id, site in SITES.items() for host in site.auth_hosts}
SYMBOLS = {"BRL": "R$", "PEN": "S/", "UYU": "$U", "USD": "U$S"}


def currency_of(site_id: str) -> str:
    return SITES[site_id].currency


async def sites(sim: Simulator, request: Request) -> Response:
    authenticate(sim, request)
    return answer(
        [{"id": key, "name": site.name, "default_currency_id": site.currency} for key, site in SITES.items() if key != "CBT"]
    )


async def listing_types(sim: Simulator, request: Request) -> Response:
    authenticate(sim, request)
    site_id = request.path_params["site_id"]
    if site_id not in SITES:
        raise not_found(f"Site {site_id} not found")
    return answer([{"site_id": site_id, "id": key, "name": name} for key, name in LISTING_TYPES])


async def currency(sim: Simulator, request: Request) -> Response:
    authenticate(sim, request)
    code = request.path_params["currency_id"]
    if code not in {site.currency for site in SITES.values()}:
        raise not_found(f"Currency {code} not found")
    whole = code in ("CLP", "COP", "PYG")
    return answer({"id": code, "symbol": SYMBOLS.get(code, "$"), "description": code, "decimal_places": 0 if whole else 2})


ROUTES = (
    ("GET", "/sites", sites),
    ("GET", "/sites/{site_id}/listing_types", listing_types),
    ("GET", "/currencies/{currency_id}", currency),
)
