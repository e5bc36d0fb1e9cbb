"""Tokens that must open nothing, through the real gateway: forged, altered, stale, foreign, replayed (RFC 8725)."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import requests

from ops.errors import OperationError
from ops.isolation.openings import claims_of
from ops.isolation.prober import Findings
from ops.isolation.tenants import Tenant

Claims = dict[str, Any]


@dataclass(frozen=True, slots=True)
class SigningKeys:
    """What an environment signs with (its secret `jwt`) and what it publishes (its JWKS)."""

    current: str
    pems: Mapping[str, str]
    jwks: dict[str, Any]

    @classmethod
    def of(cls, secret: Mapping[str, Any], jwks: dict[str, Any]) -> SigningKeys:
        return cls(secret["current"], secret["keys"], jwks)

    def sign(self, claims: Claims, **head: Any) -> str:
        """A token as the environment itself signs it."""
        return _es256(self.pems[self.current], {"kid": self.current} | head, claims)


def forgeries(keys: SigningKeys, genuine: str, victim: Tenant) -> dict[str, str]:
    """Every forgery by name. `genuine` is the attacker's own live token."""
    import jwt

    head = jwt.get_unverified_header(genuine)
    claims = claims_of(genuine)
    said, content, signature = genuine.split(".")
    published = next(key for key in keys.jwks["keys"] if key["kid"] == head["kid"])
    public_pem = _public_pem(published)
    other = _another_key()
    moved = claims | {"tenant": victim.tenant_id}
    raised = claims | {"role": "OWNER", "platform_role": "MASTER"}
    long_ago = int(time.time()) - 7200
    made = {f"alg {name}": f"{_part(head | {'alg': name})}.{_part(moved)}." for name in ("none", "None", "NONE", "")}
    made |= {
        "alg none, genuine signature kept": f"{_part(head | {'alg': 'none'})}.{content}.{signature}",
        "HS256 with the public key as PEM": _hs256(public_pem, head, moved),
        "HS256 with the public key as JWK": _hs256(json.dumps(published).encode(), head, moved),
        "HS256 with an empty key": _hs256(b"", head, moved),
        "claims edited: tenant": f"{said}.{_part(moved)}.{signature}",
        "claims edited: role": f"{said}.{_part(raised)}.{signature}",
        "claims edited: user": f"{said}.{_part(claims | {'sub': victim.user_id})}.{signature}",
        "no signature": f"{said}.{content}.",
        "signature cut short": f"{said}.{content}.{signature[:-8]}",
        "signature of zeros": f"{said}.{content}.{_encoded(bytes(64))}",
        "kid unknown": _es256(other, {"kid": "unknown"}, moved),
        "kid of a path": _es256(other, {"kid": "../../etc/passwd"}, moved),
        "key of another environment, our kid": _es256(other, {"kid": head["kid"]}, moved),
        "key of another environment, its kid": _es256(other, {"kid": uuid4().hex}, moved),
        "key brought along (jwk header)": _es256(other, {"kid": head["kid"], "jwk": _public_jwk(other)}, moved),
        "key address brought along (jku header)": _es256(
            other, {"kid": head["kid"], "jku": "https://attacker.example/jwks.json"}, moved
        ),
        "wrong issuer": keys.sign(claims | {"iss": "https://attacker.example"}),
        "issuer of another environment": keys.sign(claims | {"iss": f"{claims['iss']}-other"}),
        "wrong audience": keys.sign(claims | {"aud": "another-api"}),
        "no audience": keys.sign({name: value for name, value in claims.items() if name != "aud"}),
        "no expiry": keys.sign({name: value for name, value in claims.items() if name != "exp"}),
        "expired": keys.sign(claims | {"iat": long_ago, "exp": long_ago + 900}),
        "not yet valid": keys.sign(claims | {"nbf": int(time.time()) + 3600}),
        "not an access token (typ)": keys.sign(claims, typ="JWT"),
        "critical extension unknown": keys.sign(claims, crit=["x"], x=1),
        "tenant that is no id": keys.sign(claims | {"tenant": "x"}),
        "no tenant": keys.sign({name: value for name, value in claims.items() if name != "tenant"}),
        "a refresh token": victim.refresh_token,
    }
    return made


def across_placements(pool: SigningKeys, silo: SigningKeys, pooled: Tenant, housed: Tenant, other: Tenant) -> dict[str, str]:
    """Live keys on claims that are not theirs to sign. `silo` is the key of the silo of `housed`; `other` lives in another."""
    a_pooled, a_housed, an_other = (claims_of(tenant.seller.token) for tenant in (pooled, housed, other))
    unplaced = {name: value for name, value in a_housed.items() if name != "placement"}
    return {
        "a silo's key for a tenant of the pool": silo.sign(a_pooled),
        "a silo's key for a tenant of the pool, said to be here": silo.sign(a_pooled | {"placement": housed.placement}),
        "a silo's key for another silo's tenant": silo.sign(an_other),
        "a silo's key for another silo's tenant, said to be in this silo": silo.sign(
            an_other | {"placement": housed.placement}
        ),
        "a silo's key for its own tenant, said to be in the pool": silo.sign(a_housed | {"placement": pooled.placement}),
        "a silo's key for its own tenant, said to be nowhere": silo.sign(unplaced),
        "the pool's key for a silo's tenant": pool.sign(a_housed),
        "the pool's key for a silo's tenant, said to be in the pool": pool.sign(a_housed | {"placement": pooled.placement}),
        "the pool's key for a silo's tenant, said to be nowhere": pool.sign(unplaced),
        "the pool's key for a tenant of the pool, said to be in a silo": pool.sign(a_pooled | {"placement": housed.placement}),
        "a silo's key under the pool's kid": silo.sign(a_pooled, kid=pool.current),
        "the pool's key under a silo's kid": pool.sign(a_housed, kid=silo.current),
    }


@dataclass(slots=True)
class Forger:
    """Shows every forgery to the gateway. `forged` counts them; what was accepted is a violation.

    `silo_keys` are those of the silo that `housed` lives in; `other` lives in another.
    """

    keys: SigningKeys
    silo_keys: SigningKeys
    attacker: Tenant
    victim: Tenant
    housed: Tenant
    other: Tenant
    findings: Findings
    forged: int = 0

    def run(self) -> None:
        """Raises OperationError if a control token, signed as the environment signs, is refused: then nothing is proven."""
        for tenant in (self.attacker, self.victim, self.housed, self.other):
            tenant.renew()
        self._accepted(self.keys, self.attacker)
        self._accepted(self.silo_keys, self.housed)
        genuine = self.attacker.seller.token
        for name, token in forgeries(self.keys, genuine, self.victim).items():
            self._refused(f"token with {name}", self._shown(token))
        strangers = across_placements(self.keys, self.silo_keys, self.attacker, self.housed, self.other)
        for name, token in strangers.items():
            self._refused(f"token with {name}", self._shown(token))
        for name, header in {"Basic scheme": "Basic eDp4", "no scheme": genuine, "empty": "Bearer "}.items():
            self._refused(f"authorization with {name}", self._asked(header))
        self._replayed()

    def _accepted(self, keys: SigningKeys, tenant: Tenant) -> None:
        control = self._shown(keys.sign(claims_of(tenant.seller.token) | {"iat": int(time.time())}))
        if control.status_code != 200:
            raise OperationError(
                f"A genuine token of {tenant.name} was answered {control.status_code}, so refused forgeries prove nothing.",
                why="The forger signs otherwise than the environment does.",
                do="Compare ops/isolation/forgeries.py with painelml/identity/tokens.py.",
            )

    def _replayed(self) -> None:
        """A refresh token used twice by different clients ends the whole family; then its youngest is refused too."""
        told = {"email": self.attacker.email, "password": self.attacker.password}
        first = self._post("/auth/login", told, "client one").json()["refresh_token"]
        second = self._post("/auth/refresh", {"refresh_token": first}, "client one").json()["refresh_token"]
        self._refused(
            "refresh token replayed by another client", self._post("/auth/refresh", {"refresh_token": first}, "thief")
        )
        self._refused(
            "refresh token of a family that was replayed", self._post("/auth/refresh", {"refresh_token": second}, "client one")
        )

    def _refused(self, name: str, answer: requests.Response) -> None:
        self.forged += 1
        if answer.status_code != 401:
            self.findings.violations.append(f"{name}: answered {answer.status_code}, not 401")
        self.findings.search(f"response to {name}", answer.text, [self.victim.canary, self.victim.email])

    def _shown(self, token: str) -> requests.Response:
        return self._asked(f"Bearer {token}")

    def _asked(self, authorization: str) -> requests.Response:
        return requests.get(
            self.attacker.seller.endpoints["api_url"] + "/tenant", headers={"Authorization": authorization}, timeout=60
        )

    def _post(self, path: str, body: dict[str, Any], agent: str) -> requests.Response:
        return requests.post(
            self.attacker.seller.endpoints["api_url"] + path, json=body, headers={"User-Agent": agent}, timeout=60
        )


def _es256(pem: str, head: Mapping[str, Any], claims: Claims) -> str:
    import jwt

    return jwt.encode(claims, pem, "ES256", headers={"typ": "at+jwt"} | dict(head))


def _hs256(key: bytes, head: Mapping[str, Any], claims: Claims) -> str:
    """Made by hand: a JWT library refuses to be fooled this way."""
    signed = f"{_part({**head, 'alg': 'HS256'})}.{_part(claims)}"
    return f"{signed}.{_encoded(hmac.new(key, signed.encode(), hashlib.sha256).digest())}"


def _part(value: Mapping[str, Any]) -> str:
    return _encoded(json.dumps(value).encode())


def _encoded(value: bytes) -> str:
    return base64.urlsafe_b64encode(value).decode().rstrip("=")


def _another_key() -> str:
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    made = ec.generate_private_key(ec.SECP256R1())
    return made.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def _public_pem(jwk: Mapping[str, Any]) -> bytes:
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
    from jwt import PyJWK

    return bytes(PyJWK(dict(jwk)).key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo))


def _public_jwk(pem: str) -> dict[str, Any]:
    from cryptography.hazmat.primitives.serialization import load_pem_private_key
    from jwt.algorithms import ECAlgorithm

    key: Any = load_pem_private_key(pem.encode(), password=None)
    return dict(ECAlgorithm.to_jwk(key.public_key(), as_dict=True))
