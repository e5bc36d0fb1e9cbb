"""Who may use the cache: one user with a generated password; the `default` user may do nothing."""

from __future__ import annotations

from aws_cdk import aws_elasticache as elasticache
from aws_cdk import aws_secretsmanager as secretsmanager
from constructs import Construct

from cdk_app.checks import acknowledge

USER = "painelml"
ENGINE = "valkey"
# What a client of copies needs; INFO is marked dangerous but is how a client finds out that it is in a cluster.
_RIGHTS = "on ~* &* +@all -@dangerous +info"
# CloudFormation's reference wants a user named default in every group.
_NOTHING = "off ~* -@all"


class CacheUsers(Construct):
    """`group_id` for the cache; `secret` holds `username` and `password`. `prefix` starts ElastiCache's own ids."""

    def __init__(self, scope: Construct, construct_id: str, *, prefix: str) -> None:
        super().__init__(scope, construct_id)
        self.secret = secretsmanager.Secret(
            self,
            "Password",
            description="The cache's user",
            generate_secret_string=secretsmanager.SecretStringGenerator(
                secret_string_template=f'{{"username": "{USER}"}}',
                generate_string_key="password",
                password_length=64,
                exclude_punctuation=True,
            ),
        )
        acknowledge(
            self.secret,
            {
                "SMG4": "ElastiCache has no hosted rotation. The cache holds copies only, and only the functions' "
                "security group reaches it; decision 0007 says how the password is changed."
            },
        )
        password = self.secret.secret_value_from_json("password").unsafe_unwrap()
        users = [
            elasticache.CfnUser(
                self,
                construct_id,
                engine=ENGINE,
                user_id=f"{prefix}-{name}",
                user_name=name,
                access_string=rights,
                authentication_mode={"Type": "password", "Passwords": [password]},
            )
            for construct_id, name, rights in (("User", USER, _RIGHTS), ("Nobody", "default", _NOTHING))
        ]
        self.group_id = elasticache.CfnUserGroup(
            self, "Group", engine=ENGINE, user_group_id=prefix, user_ids=[user.ref for user in users]
        ).ref
