// The registry of what `npm start` runs beside the servers: each kind of part with its program, its limits and
// the instances that a configuration asks for. Run and session iterate it; a new source is one entry.
import { HOST, type Environment, type LaunchConfig } from './config.ts';

/** A source sends records, a processor moves them between topics, a sink lands them, a view shows them. */
export type Role = 'source' | 'processor' | 'sink' | 'view';

export interface Instance {
  readonly name: string;
  readonly env: Environment;
  readonly args?: readonly string[];
}

export interface PartKind {
  readonly role: Role;
  /** Its entry, relative to the project. */
  readonly program: string;
  readonly nodeOptions?: readonly string[];
  /** How long a stop may take before it is forced. */
  readonly graceMs: number;
  /** True for what ends by itself with an account of its records. */
  readonly accounts?: boolean;
  /** True when the rest goes on after it ended. */
  readonly dispensable?: boolean;
  readonly instances: (config: LaunchConfig) => readonly Instance[];
}

/**
 * What is fetched lies outside of V8's heap but counts towards its limit, which starts so low that a
 * backlog would have the whole heap marked four times a second (decision 9).
 */
const CONSUMER_HEAP = '--initial-heap-size=128';

/** In the order in which they start. A run whose records pass through a processor cannot go on without it. */
export const partKinds: readonly PartKind[] = [
  {
    role: 'processor',
    program: 'processor/main.ts',
    graceMs: 15_000,
    instances: ({ environments, fromBeginning, processors }) =>
      processors.map((name) => {
        const args = fromBeginning ? ['--from-beginning'] : [];
        return { name, args, env: environments.processor(name) };
      }),
  },
  {
    role: 'sink',
    program: 'consumer/main.ts',
    nodeOptions: [CONSUMER_HEAP],
    // It lands what it has within 10 s.
    graceMs: 15_000,
    instances: ({ environments, sink }) => {
      const env = { ...environments.consumer, METRICS_HOST: HOST };
      return sink ? [{ name: 'consumer', env }] : [];
    },
  },
  {
    role: 'source',
    program: 'producers/main.ts',
    // It gives Kafka 5 s to acknowledge.
    graceMs: 8_000,
    accounts: true,
    instances: ({ environments, producers }) =>
      producers.map(({ PRODUCER: { name } }) => ({ name, env: environments.producer(name) })),
  },
  {
    role: 'view',
    program: 'live/main.ts',
    graceMs: 5_000,
    dispensable: true,
    instances: ({ environments, once }) => (once ? [] : [{ name: 'live', env: environments.live }]),
  },
];

/** The names of the parts with one of these roles that a configuration asks for. */
export function partNames(config: LaunchConfig, ...roles: readonly Role[]): string[] {
  return partKinds
    .filter(({ role }) => roles.includes(role))
    .flatMap(({ instances }) => instances(config).map(({ name }) => name));
}
