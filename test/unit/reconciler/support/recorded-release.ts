/** What a release left behind, as files: its database as SQL text, and what runs on its nodes. */
import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import type { Command } from '#schema/wire/commands';
import type { SimulatedAgent, SimulatedEngine, SimulatedFleet } from './simulated-fleet.ts';

const FOLDER = join(import.meta.dirname, '..', 'recorded');
/** The key of recorded secrets, which are no secrets. */
export const RECORDED_KEY = Buffer.alloc(32, 7);

interface Recorded {
  /** ISO time of the recording: deadlines of documents count from it. */
  at: string;
  engines: Record<string, { containers: unknown[]; networks: unknown[]; images: string[]; routes: Record<string, string> }>;
  agents: { name: string; type: SimulatedAgent['type']; engine: string; repositories: Record<string, { branches: Record<string, string>; fetched: string[] }> }[];
}

/** Their names; none where nothing was recorded yet. */
export async function recordedReleases(): Promise<string[]> {
  const files = await readdir(FOLDER).catch(() => []);
  return files.filter((file) => file.endsWith('.sql')).map((file) => file.replace(/\.sql$/, ''));
}

export async function writeRelease(name: string, databaseFile: string, fleet: SimulatedFleet): Promise<void> {
  const recorded: Recorded = {
    at: new Date().toISOString(),
    engines: Object.fromEntries(
      [...fleet.engines].map(([engine, { containers, networks, images, routes }]) => [
        engine,
        { containers: [...containers.values()], networks: [...networks.values()], images: [...images], routes },
      ]),
    ),
    agents: [...fleet.agents.values()].map(({ name: agent, type, engine, repositories }) => ({
      name: agent, type, engine,
      repositories: Object.fromEntries([...repositories].map(([repository, { branches, fetched }]) => [repository, { branches, fetched: [...fetched] }])),
    })),
  };
  await mkdir(FOLDER, { recursive: true });
  await writeFile(join(FOLDER, `${name}.sql`), dump(databaseFile));
  await writeFile(join(FOLDER, `${name}.json`), `${JSON.stringify(recorded, null, 1)}\n`);
}

/** Makes the database and fills the fleet. Answers when it was recorded. */
export async function readRelease(name: string, databaseFile: string, fleet: SimulatedFleet): Promise<Date> {
  const database = new Database(databaseFile);
  database.exec(await readFile(join(FOLDER, `${name}.sql`), 'utf8'));
  database.close();
  const recorded = JSON.parse(await readFile(join(FOLDER, `${name}.json`), 'utf8')) as Recorded;
  for (const { name: agent, type, engine, repositories } of recorded.agents) {
    const made = fleet.addAgent(agent, type, engine, Object.fromEntries(Object.entries(repositories).map(([repository, { branches }]) => [repository, branches])));
    for (const [repository, { fetched }] of Object.entries(repositories)) for (const commit of fetched) made.repositories.get(repository)?.fetched.add(commit);
  }
  for (const [name, { containers, networks, images, routes }] of Object.entries(recorded.engines)) {
    const engine = fleet.engines.get(name) as SimulatedEngine;
    for (const container of containers as { id: string }[]) engine.containers.set(container.id, container as never);
    for (const network of networks as { name: string }[]) engine.networks.set(network.name, network as never);
    for (const image of images) engine.images.add(image);
    engine.routes = routes;
  }
  return new Date(recorded.at);
}

const HARMLESS: ReadonlySet<Command['type']> = new Set(['routes', 'prune']);

/** Commands that touch containers, networks, checkouts or images. */
export const disturbing = (fleet: SimulatedFleet): string[] =>
  fleet.commands().filter(({ type }) => !HARMLESS.has(type)).map((command) => `${command.type} ${'service' in command ? command.service : ''}`);

function dump(file: string): string {
  const database = new Database(file, { readonly: true });
  try {
    const objects = database
      .prepare("SELECT type, name, sql FROM sqlite_master WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite_%' ORDER BY type = 'table' DESC, name")
      .all() as { type: string; name: string; sql: string }[];
    const rows = objects.filter(({ type }) => type === 'table').flatMap(({ name }) => {
      const statement = database.prepare(`SELECT * FROM "${name}"`);
      const columns = statement.columns().map((column) => `"${column.name}"`).join(', ');
      return statement.raw().all().map((row) => `INSERT INTO "${name}" (${columns}) VALUES (${(row as unknown[]).map(literal).join(', ')});`);
    });
    return `${[...objects.map(({ sql }) => `${sql};`), ...rows].join('\n')}\n`;
  } finally {
    database.close();
  }
}

function literal(value: unknown): string {
  if (value === null || value === undefined) return 'NULL';
  if (Buffer.isBuffer(value)) return `X'${value.toString('hex')}'`;
  return typeof value === 'string' ? `'${value.replaceAll("'", "''")}'` : String(value);
}
