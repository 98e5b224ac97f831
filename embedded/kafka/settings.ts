// The settings of the embedded broker: server.properties and its log settings, as text. Pure. Sized for one
// person's machine: one node, one copy of everything, small segments, bounded logs.

export interface BrokerAddress {
  host: string;
  port: number;
  controllerPort: number;
}

export const NODE_ID = 1;
/** Relative to the broker's working folder, so no character of its path needs care. */
export const STORAGE_FOLDER = 'storage';
export const LOG_FILE = 'kafka.log';

export type Settings = Record<string, string | number | boolean>;

/** The entries of server.properties for a broker that keeps its topics in `storageFolder`. */
export function serverSettings(
  { host, port, controllerPort }: BrokerAddress,
  storageFolder: string,
): Settings {
  const client = `PLAINTEXT://${host}:${port}`;
  return {
    'process.roles': 'broker,controller',
    'node.id': NODE_ID,
    listeners: `${client},CONTROLLER://${host}:${controllerPort}`,
    'advertised.listeners': client,
    'listener.security.protocol.map': 'PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT',
    'inter.broker.listener.name': 'PLAINTEXT',
    'controller.listener.names': 'CONTROLLER',
    'controller.quorum.voters': `${NODE_ID}@${host}:${controllerPort}`,
    'log.dirs': storageFolder,
    ...TOPICS,
    ...ONE_NODE,
  };
}

const MIB = 1024 * 1024;

const TOPICS = {
  'auto.create.topics.enable': false,
  'delete.topic.enable': true,
  // By age only: a limit in bytes would drop what a consumer that is away has not read yet.
  'log.retention.hours': 168,
  'log.segment.bytes': 128 * MIB,
  // Mapped whole for every partition's newest segment; enough for a segment of that size.
  'log.index.size.max.bytes': 2 * MIB,
  'log.cleaner.dedupe.buffer.size': 4 * MIB,
  'log.cleaner.io.buffer.size': MIB / 4,
};

const ONE_NODE = {
  'group.initial.rebalance.delay.ms': 0,
  'offsets.topic.replication.factor': 1,
  'offsets.topic.num.partitions': 4,
  'offsets.topic.segment.bytes': 16 * MIB,
  'transaction.state.log.replication.factor': 1,
  'transaction.state.log.min.isr': 1,
  'transaction.state.log.num.partitions': 1,
  'transaction.state.log.segment.bytes': 16 * MIB,
  'share.coordinator.state.topic.replication.factor': 1,
  'share.coordinator.state.topic.min.isr': 1,
  'share.coordinator.state.topic.num.partitions': 1,
  'metadata.log.segment.bytes': 16 * MIB,
  // A broker that was killed may only come back once its old session is over: 9 s by default.
  'broker.session.timeout.ms': 3_000,
  'broker.heartbeat.interval.ms': 500,
  'num.network.threads': 2,
  'num.io.threads': 4,
  'background.threads': 2,
};

/** The text of log4j2.properties: everything from INFO up into `LOG_FILE`, 3 files of 8 MB. */
export function logProperties(): string {
  return propertiesText({
    status: 'error',
    // Log4j's own hook would close the file before Kafka has told of its shutdown.
    shutdownHook: 'disable',
    appenders: 'file',
    'appender.file.type': 'RollingFile',
    'appender.file.name': 'file',
    'appender.file.fileName': LOG_FILE,
    'appender.file.filePattern': `${LOG_FILE}.%i`,
    'appender.file.layout.type': 'PatternLayout',
    'appender.file.layout.pattern': '%d{yyyy-MM-dd HH:mm:ss.SSS}{UTC} %p %m (%c{1})%n%throwable',
    'appender.file.policies.type': 'Policies',
    'appender.file.policies.size.type': 'SizeBasedTriggeringPolicy',
    'appender.file.policies.size.size': '8MB',
    'appender.file.strategy.type': 'DefaultRolloverStrategy',
    'appender.file.strategy.max': 2,
    'rootLogger.level': 'info',
    'rootLogger.appenderRef.file.ref': 'file',
    loggers: 'config',
    // Hundreds of lines at every start and topic; server.properties says the same.
    'logger.config.name': 'org.apache.kafka.common.config.AbstractConfig',
    'logger.config.level': 'warn',
  });
}

/** Java's properties format, which is Latin-1 with escapes whatever the machine's encoding. */
export function propertiesText(entries: Settings): string {
  const lines = Object.entries(entries).map(([key, value]) => `${key}=${escaped(String(value))}\n`);
  return lines.join('');
}

function escaped(value: string): string {
  return value
    .replaceAll('\\', '\\\\')
    .replace(/^ /, '\\ ')
    .replaceAll('\n', '\\n')
    .replace(/[^\x20-\x7e]/g, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
