/** A connector as a resource of Strimzi's, for Kafka Connect on Kubernetes. */
import { stringify } from 'yaml';
import type { Configuration } from './configuration.js';

/** `cluster`: the KafkaConnect resource that it runs in. */
export function strimziText(name: string, configuration: Configuration, cluster: string): string {
  const { 'connector.class': connector, 'tasks.max': tasks, ...config } = configuration;
  return stringify({
    apiVersion: 'kafka.strimzi.io/v1beta2', kind: 'KafkaConnector',
    metadata: { name, labels: { 'strimzi.io/cluster': cluster } },
    spec: { class: connector, tasksMax: Number(tasks), autoRestart: { enabled: true }, config },
  }, { lineWidth: 0 });
}
