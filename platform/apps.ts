// The registry of apps and tools: which folders they are, and what of each the image holds. The tests' import rule, the suites,
// the variables that are documented, .dockerignore and the Dockerfile are held against it, so a new app is
// one entry here.

export interface App {
  readonly folder: string;
  /** What the image holds of it: all of the folder, some files, or nothing. */
  readonly inImage: 'all' | readonly string[];
  /** True for a folder whose main.ts the image starts; its build tries `--help` of each. */
  readonly isService: boolean;
}

const app = (folder: string, inImage: App['inImage'], isService = false): App => {
  return { folder, inImage, isService };
};

export const apps: readonly App[] = [
  app('producers', 'all', true),
  app('consumer', 'all', true),
  app('processor', 'all', true),
  app('tail', 'all'),
  app('clickhouse_setup', 'all', true),
  app('live', 'all', true),
  app('grafana', ['grafana/dashboards']),
  app('data', ['data/sensor_data.csv', 'data/traffic_counts.json']),
];

/** Programs for an installation, which may import apps and embedded/. The image holds those that need neither. */
const tools: App = app('tools', ['tools/connections', 'tools/traffic-report']);

/** The folders and files of ours that the image holds. */
export const imagePaths: readonly string[] = [
  ...['streams', 'platform'],
  ...[...apps, tools].flatMap(({ folder, inImage }) => (inImage === 'all' ? [folder] : inImage)),
];

export const appFolders: readonly string[] = apps.map(({ folder }) => folder);

/** Every folder whose programs read variables and print messages; their tests are the suite `unit`. */
export const sourceFolders: readonly string[] = [
  ...['streams', 'platform', ...appFolders, 'embedded'],
  tools.folder,
];
