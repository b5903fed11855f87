"""Signatures: what an installation signs, anybody can check who knows its public key (Ed25519)."""

from __future__ import annotations

import hmac

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey


def _private(secret: str) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(hmac.digest(secret.encode(), b"luanchuyen.signature", "sha256"))


def public(secret: str) -> str:
    """The public key of the installation with this secret, hexadecimal."""
    return _private(secret).public_key().public_bytes_raw().hex()


def sign(content: bytes, secret: str) -> str:
    """The signature of `content`, hexadecimal."""
    return _private(secret).sign(content).hex()


def holds(content: bytes, signature: str, key: str) -> bool:
    """Whether `signature` is that of `content` by the installation whose public key is `key`."""
    try:
        Ed25519PublicKey.from_public_bytes(bytes.fromhex(key)).verify(bytes.fromhex(signature), content)
    except (ValueError, InvalidSignature):
        return False
    return True
