"""Queues between intake and workers, each with a dead-letter queue, and the topics that alarms speak to."""

from __future__ import annotations

from typing import Any

from aws_cdk import Duration
from aws_cdk import aws_iam as iam
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sns_subscriptions as subscriptions
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from cdk_app.base import EnvironmentStack
from cdk_app.checks import acknowledge_plain_http
from cdk_app.environments import Environment
from cdk_app.function_spec import QueueName
from cdk_app.function_table import consumer_timeout_seconds
from cdk_app.profiles import Profile
from cdk_app.queues import QueueWithDlq


class MessagingStack(EnvironmentStack):
    """`webhooks`, `payments`, `jobs`, `outgoing_text` (QueueWithDlq), `critical_topic`, `warning_topic`."""

    def __init__(
        self, scope: Construct, construct_id: str, *, environment: Environment, profile: Profile, **kwargs: Any
    ) -> None:
        super().__init__(scope, construct_id, environment=environment, **kwargs)
        self._environment = environment
        self.profile = profile
        self.webhooks = self._queue("Webhooks", QueueName.WEBHOOKS)
        self.payments = self._queue("Payments", QueueName.PAYMENTS)
        self.jobs = self._queue("Jobs", QueueName.JOBS)
        self.outgoing_text = self._queue("OutgoingText", QueueName.OUTGOING_TEXT, fifo=True)
        self.critical_topic = self._topic("Critical", "critical", "PainelML: act now")
        self.warning_topic = self._topic("Warning", "warning", "PainelML: look into this today")
        for address in environment.alarm_emails:
            for topic in (self.critical_topic, self.warning_topic):
                topic.add_subscription(subscriptions.EmailSubscription(address))
        for number in environment.alarm_phones:
            self.critical_topic.add_subscription(subscriptions.SmsSubscription(number))

    @property
    def queues(self) -> dict[QueueName, sqs.IQueue]:
        """The working queues by name."""
        return {
            QueueName.WEBHOOKS: self.webhooks.queue,
            QueueName.PAYMENTS: self.payments.queue,
            QueueName.JOBS: self.jobs.queue,
            QueueName.OUTGOING_TEXT: self.outgoing_text.queue,
        }

    def _queue(self, construct_id: str, name: QueueName, *, fifo: bool = False) -> QueueWithDlq:
        return QueueWithDlq(
            self,
            construct_id,
            name=self._environment.resource_name(name.value),
            consumer_timeout=Duration.seconds(consumer_timeout_seconds(name)),
            tls_only=self._environment.speaks_tls,
            fifo=fifo,
        )

    def _topic(self, construct_id: str, suffix: str, display_name: str) -> sns.Topic:
        topic = sns.Topic(
            self,
            construct_id,
            topic_name=self._environment.resource_name(suffix),
            display_name=display_name,
            enforce_ssl=self._environment.speaks_tls,
        )
        if not self._environment.speaks_tls:
            acknowledge_plain_http(topic, "SNS3")
        # A policy of our own (TLS only) replaces the default one, which had let the account's alarms publish.
        topic.add_to_resource_policy(
            iam.PolicyStatement(
                sid="AlarmsOfThisAccount",
                actions=["sns:Publish"],
                principals=[
                    iam.ServicePrincipal("cloudwatch.amazonaws.com"),
                    iam.ServicePrincipal("budgets.amazonaws.com"),
                ],
                resources=[topic.topic_arn],
                conditions={"StringEquals": {"aws:SourceAccount": self.account}},
            )
        )
        return topic
