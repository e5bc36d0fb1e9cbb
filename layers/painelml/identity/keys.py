"""Keys that an environment makes for itself: to sign tokens, to seal secrets at rest, to name its webhook addresses."""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key

from painelml.core import secrets
from painelml.core.aws import ssm
from painelml.core.crypto import random_token
from painelml.core.migrate import one_at_a_time
from painelml.identity.tokens import PLACEMENT


@contextmanager
def only_writer() -> Generator[None]:
    """One hand at a time changes keys and what is published of them, with nothing in mind that another has changed since."""
    with one_at_a_time("keys"):
        secrets.forget()
        yield


def fill_secrets() -> dict[str, list[secrets.Purpose]]:
    """Makes what is missing, keeps what is there, publishes the public half of the signing keys. Safe to run twice.

    Returns the purposes it made and those it kept.
    """
    with only_writer():
        made = [purpose for purpose, make in _MAKERS.items() if secrets.fill(purpose, make)]
        publish(secrets.secret("jwt"))
    return {"made": made, "kept": [purpose for purpose in _MAKERS if purpose not in made]}


def jwks(signing: dict[str, Any]) -> str:
    """The JSON Web Key Set (RFC 7517) of every signing key that is kept, current or retired."""

    return json.dumps({"keys": [_public(kid, pem) for kid, pem in signing["keys"].items()]})


def publish_silo(silo: str, signing: dict[str, Any]) -> None:
    """Adds a silo's keys to what is published, each marked as the silo's (identity/tokens.py). Safe to run twice."""
    own = [{**key, PLACEMENT: silo} for key in json.loads(jwks(signing))["keys"]]
    with only_writer():
        others = [key for key in _silo_keys() if key[PLACEMENT] != silo]
        _publish(jwks(secrets.secret("jwt")), kept=[*others, *own])


def withdraw_silo(silo: str) -> None:
    """Takes a silo's keys out of what is published, so that nothing they signed is believed. Safe to run twice."""
    with only_writer():
        held = _silo_keys()
        kept = [key for key in held if key[PLACEMENT] != silo]
        if kept != held:
            _publish(jwks(secrets.secret("jwt")), kept=kept)


def publish(signing: dict[str, Any]) -> None:
    """Publishes the pool's keys, and keeps the silos' beside them; inside only_writer(). Safe to run twice."""
    _publish(jwks(signing), kept=_silo_keys())


def signing_keys() -> dict[str, Any]:
    """A new set of one signing key, as a secret keeps it."""
    return _signing()


def _publish(pool: str, *, kept: list[dict[str, Any]]) -> None:
    secrets.set_parameter("jwks", json.dumps({"keys": [*json.loads(pool)["keys"], *kept]}))


def _silo_keys() -> list[dict[str, Any]]:
    """The silos' keys as they are published now; none where nothing is published yet."""
    try:
        published = json.loads(secrets.parameter("jwks"))
    except ssm().exceptions.ParameterNotFound:
        return []
    return [key for key in published["keys"] if PLACEMENT in key]


def _public(kid: str, pem: str) -> dict[str, Any]:
    from jwt.algorithms import ECAlgorithm

    private = load_pem_private_key(pem.encode(), password=None)
    if not isinstance(private, ec.EllipticCurvePrivateKey):
        raise ValueError(f"The signing key {kid!r} is not an elliptic-curve key; put a P-256 key in its place.")
    return {**ECAlgorithm.to_jwk(private.public_key(), as_dict=True), "kid": kid, "use": "sig", "alg": "ES256"}


def _signing() -> dict[str, Any]:
    kid = random_token(64)
    return {"current": kid, "keys": {kid: signing_pem()}, "refresh": sealing_key()}


def _sealing() -> dict[str, Any]:
    key_id = random_token(64)
    return {"current": key_id, "keys": {key_id: sealing_key()}}


def _webhooks() -> dict[str, Any]:
    return {"mercado_livre_token": random_token(), "platform_key": random_token()}


def signing_pem() -> str:
    """A new private key on P-256, as ES256 wants it."""
    made = ec.generate_private_key(ec.SECP256R1())
    return made.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def sealing_key() -> str:
    """A new key of 256 bits, in base64."""
    return base64.b64encode(os.urandom(32)).decode()


_MAKERS: dict[secrets.Purpose, Callable[[], dict[str, Any]]] = {"jwt": _signing, "encryption": _sealing, "webhooks": _webhooks}
