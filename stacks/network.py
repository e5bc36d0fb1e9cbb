"""Where everything with an address lives: VPC, subnets, the way out, and the functions' security group."""

from __future__ import annotations

from typing import Any

from aws_cdk import aws_ec2 as ec2
from aws_cdk import aws_logs as logs
from constructs import Construct

from cdk_app.access import NetworkAccess
from cdk_app.base import EnvironmentStack
from cdk_app.capacity import Egress
from cdk_app.environments import Environment
from cdk_app.logs import retention_of
from cdk_app.nat_instance import NatLaunchTemplate, nat_instance_provider
from cdk_app.profiles import Profile

HTTPS = ec2.Port.tcp(443)
_ZONES = 2
# What functions in the network call besides the database and the cache.
_ENDPOINTS = {
    "SecretsManager": ec2.InterfaceVpcEndpointAwsService.SECRETS_MANAGER,
    "Sqs": ec2.InterfaceVpcEndpointAwsService.SQS,
    "Ssm": ec2.InterfaceVpcEndpointAwsService.SSM,
}


class NetworkStack(EnvironmentStack):
    """VPC 10.0.0.0/16 over two zones: public (NAT only), private with egress (functions), isolated (data)."""

    def __init__(
        self, scope: Construct, construct_id: str, *, environment: Environment, profile: Profile, **kwargs: Any
    ) -> None:
        super().__init__(scope, construct_id, environment=environment, **kwargs)
        self._profile = profile
        self._nat = nat_instance_provider() if profile.egress is Egress.NAT_INSTANCE else None
        self.vpc = self._build_vpc()
        self.nat_instances = self._nat.gateway_instances if self._nat else []
        for instance in self.nat_instances:
            NatLaunchTemplate(instance, "LaunchTemplate", instance=instance)
        self._endpoint_groups = self._build_endpoints()
        self.functions_security_group = self._build_functions_security_group()
        self.private_subnets = ec2.SubnetSelection(subnet_type=ec2.SubnetType.PRIVATE_WITH_EGRESS)
        self.isolated_subnets = ec2.SubnetSelection(subnet_type=ec2.SubnetType.PRIVATE_ISOLATED)

    @property
    def access(self) -> NetworkAccess:
        """What functions are told about the network."""
        return NetworkAccess(
            vpc=self.vpc,
            functions_security_group=self.functions_security_group,
            private_subnets=self.private_subnets,
        )

    def allow_https_out(self, security_group: ec2.SecurityGroup) -> None:
        """Let a group of private subnets reach AWS and the internet: through the NAT instance and the endpoints."""
        security_group.add_egress_rule(ec2.Peer.any_ipv4(), HTTPS, "HTTPS to AWS and to partners' APIs")
        # `remote_rule` writes the rule beside `security_group`, which may be in a stack that is deployed later.
        for group in self._endpoint_groups:
            group.add_ingress_rule(security_group, HTTPS, "AWS services inside the network", True)
        if self._nat:
            self._nat.security_group.add_ingress_rule(security_group, HTTPS, "To be forwarded", True)

    def _build_vpc(self) -> ec2.Vpc:
        vpc = ec2.Vpc(
            self,
            "Vpc",
            ip_addresses=ec2.IpAddresses.cidr("10.0.0.0/16"),
            max_azs=_ZONES,
            nat_gateway_provider=self._nat,
            nat_gateways=_ZONES if self._profile.egress is Egress.NAT_GATEWAY_PER_AZ else 1,
            subnet_configuration=[
                ec2.SubnetConfiguration(
                    name="Public", subnet_type=ec2.SubnetType.PUBLIC, cidr_mask=24, map_public_ip_on_launch=False
                ),
                ec2.SubnetConfiguration(name="Private", subnet_type=ec2.SubnetType.PRIVATE_WITH_EGRESS, cidr_mask=20),
                ec2.SubnetConfiguration(name="Isolated", subnet_type=ec2.SubnetType.PRIVATE_ISOLATED, cidr_mask=24),
            ],
            gateway_endpoints={"S3": ec2.GatewayVpcEndpointOptions(service=ec2.GatewayVpcEndpointAwsService.S3)},
        )
        group = logs.LogGroup(self, "FlowLogs", retention=retention_of(self._profile))
        vpc.add_flow_log(
            "FlowLog",
            destination=ec2.FlowLogDestination.to_cloud_watch_logs(group),
            traffic_type=ec2.FlowLogTrafficType[self._profile.flow_logs],
        )
        return vpc

    def _build_endpoints(self) -> list[ec2.SecurityGroup]:
        if not self._profile.interface_endpoints:
            return []
        group = ec2.SecurityGroup(
            self,
            "EndpointsSecurityGroup",
            vpc=self.vpc,
            description="AWS services inside the network",
            allow_all_outbound=False,
        )
        for name, service in _ENDPOINTS.items():
            self.vpc.add_interface_endpoint(name, service=service, security_groups=[group], open=False)
        return [group]

    def _build_functions_security_group(self) -> ec2.SecurityGroup:
        group = ec2.SecurityGroup(
            self,
            "FunctionsSecurityGroup",
            vpc=self.vpc,
            description="Functions that use the database or the cache",
            allow_all_outbound=False,
        )
        self.allow_https_out(group)
        return group
