"""Egress through one small instance, for profiles where a NAT gateway would cost more than everything else."""

from __future__ import annotations

from typing import cast

from aws_cdk import aws_ec2 as ec2
from constructs import Construct

from cdk_app.checks import acknowledge

_AMI_PARAMETER = "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-arm64"
# The provider's default image is looked up anew by each deployment, which replaces the instance whenever AWS publishes
# an image. Through a launch template EC2 resolves the name once, at launch; the template's text does not change.
_AMI = f"resolve:ssm:{_AMI_PARAMETER}"
_INSTANCE_TYPE = "t4g.nano"


def nat_instance_provider() -> ec2.NatInstanceProviderV2:
    """A provider whose instance lets nothing in until `allow_out` is called for a security group."""
    return ec2.NatProvider.instance_v2(
        instance_type=ec2.InstanceType(_INSTANCE_TYPE),
        machine_image=ec2.MachineImage.resolve_ssm_parameter_at_launch(_AMI_PARAMETER),
        default_allowed_traffic=ec2.NatTrafficDirection.OUTBOUND_ONLY,
        # A nano that forwards packets rarely bursts; standard credits cannot surprise on the bill.
        credit_specification=ec2.CpuCredits.STANDARD,
        associate_public_ip_address=True,
    )


class NatLaunchTemplate(Construct):
    """What the provider's instance cannot say itself: pinned image, encrypted disk, IMDSv2."""

    def __init__(self, scope: Construct, construct_id: str, *, instance: ec2.Instance) -> None:
        super().__init__(scope, construct_id)
        template = ec2.CfnLaunchTemplate(
            self,
            "Resource",
            launch_template_data=ec2.CfnLaunchTemplate.LaunchTemplateDataProperty(
                image_id=_AMI,
                metadata_options=ec2.CfnLaunchTemplate.MetadataOptionsProperty(
                    http_tokens="required", http_put_response_hop_limit=1
                ),
                block_device_mappings=[
                    ec2.CfnLaunchTemplate.BlockDeviceMappingProperty(
                        device_name="/dev/xvda",
                        ebs=ec2.CfnLaunchTemplate.EbsProperty(encrypted=True, volume_type="gp3", delete_on_termination=True),
                    )
                ],
            ),
        )
        resource = cast("ec2.CfnInstance", instance.node.default_child)
        resource.add_property_deletion_override("ImageId")
        resource.launch_template = ec2.CfnInstance.LaunchTemplateSpecificationProperty(
            launch_template_id=template.ref, version=template.attr_latest_version_number
        )
        acknowledge(
            instance,
            {
                "EC28": "Five-minute metrics are enough: status checks, which the alarm watches, come every minute.",
                "EC29": "It holds no state; the alarm NatInstanceFailed recovers it and a deployment replaces it.",
            },
        )
