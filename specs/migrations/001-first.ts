import type { Kysely, Migration } from 'kysely';
import { createIndex, createTable } from './create-table.ts';

const OF_DOCUMENT = { uid: { table: 'documents', column: 'uid' } };

export const first: Migration = {
  async up(db: Kysely<unknown>): Promise<void> {
    await documentTables(db);
    await deploymentTables(db);
    await allocationTables(db);
    await otherTables(db);
  },
  async down(db: Kysely<unknown>): Promise<void> {
    for (const table of TABLES) await db.schema.dropTable(table).execute();
  },
};

/** Those that refer to others first. */
const TABLES = [
  'settings', 'audit', 'sessions', 'node_tokens', 'nodes',
  'subnets', 'resting_ports', 'ports', 'container_names',
  'attempts', 'deployment_events', 'deployments', 'resolutions',
  'counters', 'secrets', 'statuses', 'revisions', 'documents',
];

async function documentTables(db: Kysely<unknown>): Promise<void> {
  await createTable(db, 'documents', {
    text: [
      'uid',
      'kind',
      'slug',
      'name',
      'labels',
      'annotations',
      'spec',
      'finalizers',
      'created_at',
      'created_by',
      'updated_at',
      'updated_by',
    ],
    integer: ['generation', 'revision', 'gone'],
    bigint: ['resource_version'],
    nullable: ['deleted_at', 'removed_with'],
    key: ['uid'],
    unique: [['resource_version']],
  });
  await createIndex(db, 'documents', ['kind', 'slug'], { unique: true, where: 'gone = 0' });
  await createIndex(db, 'documents', ['slug', 'kind', 'resource_version']);
  await createTable(db, 'revisions', {
    text: ['uid', 'author', 'message', 'at', 'labels', 'annotations', 'spec'],
    integer: ['revision', 'generation', 'deleted'],
    bigint: ['resource_version'],
    nullable: ['text'],
    key: ['uid', 'revision'],
    references: OF_DOCUMENT,
  });
  await createTable(db, 'statuses', {
    text: ['uid', 'status'],
    bigint: ['status_version', 'observed_generation'],
    key: ['uid'],
    references: OF_DOCUMENT,
  });
  await createTable(db, 'secrets', {
    text: ['uid', 'name', 'updated_at', 'sealed'],
    integer: ['version'],
    key: ['uid', 'name', 'version'],
  });
  await createTable(db, 'counters', { text: ['name'], bigint: ['value'], key: ['name'] });
}

async function deploymentTables(db: Kysely<unknown>): Promise<void> {
  await createTable(db, 'resolutions', {
    text: [
      'sandbox_uid',
      'service',
      'repository',
      'branch',
      'commit',
      'subject',
      'author',
      'authored_at',
      'resolved_at',
      'resolved_by',
    ],
    bigint: ['generation'],
    key: ['sandbox_uid', 'generation', 'service'],
  });
  await createTable(db, 'deployments', {
    text: ['id', 'sandbox_uid', 'sandbox', 'service', 'repository', 'branch', 'user', 'state', 'started_at'],
    integer: ['open'],
    bigint: ['generation', 'seq'],
    nullable: ['commit', 'node', 'hash', 'reason', 'message', 'completed_at'],
    key: ['id'],
    unique: [['seq']],
  });
  await createIndex(db, 'deployments', ['sandbox_uid', 'seq']);
  await createIndex(db, 'deployments', ['seq'], { where: 'open = 1' });
  await createTable(db, 'deployment_events', {
    text: ['deployment_id', 'event', 'at'],
    bigint: ['seq'],
    nullable: ['node', 'message', 'error'],
    key: ['seq'],
    unique: [['deployment_id', 'event', 'at']],
  });
  await db.schema.alterTable('deployment_events').addColumn('duration_ms', 'bigint').execute();
  await createTable(db, 'attempts', {
    text: ['sandbox_uid', 'service', 'step', 'input', 'code', 'message'],
    integer: ['count'],
    nullable: ['next_at'],
    key: ['sandbox_uid', 'service', 'step'],
  });
}

async function allocationTables(db: Kysely<unknown>): Promise<void> {
  await createTable(db, 'container_names', { text: ['name', 'sandbox_uid', 'sandbox', 'service'], key: ['name'] });
  await createIndex(db, 'container_names', ['sandbox_uid']);
  await createTable(db, 'ports', {
    text: ['engine', 'kind', 'sandbox_uid', 'sandbox', 'service', 'allocated_at'],
    integer: ['port'],
    key: ['engine', 'port'],
    unique: [['engine', 'sandbox_uid', 'service']],
  });
  await createIndex(db, 'ports', ['sandbox_uid']);
  await createTable(db, 'resting_ports', {
    text: ['engine', 'sandbox', 'service'],
    integer: ['port'],
    bigint: ['released_seq'],
    key: ['engine', 'port'],
  });
  await createTable(db, 'subnets', {
    text: ['engine', 'subnet', 'sandbox_uid', 'sandbox', 'allocated_at'],
    key: ['engine', 'subnet'],
    unique: [['engine', 'sandbox_uid']],
  });
}

async function otherTables(db: Kysely<unknown>): Promise<void> {
  await createTable(db, 'nodes', { text: ['name', 'type', 'address', 'engine', 'last_seen_at'], key: ['name'] });
  await createTable(db, 'node_tokens', { text: ['token_hash', 'node'], key: ['token_hash'] });
  await createTable(db, 'sessions', {
    text: ['token_hash', 'username', 'created_at', 'expires_at'],
    key: ['token_hash'],
  });
  await createTable(db, 'audit', {
    text: ['at', 'user', 'action', 'outcome'],
    bigint: ['id'],
    nullable: ['sandbox', 'service', 'repository', 'branch', 'environment', 'message'],
    key: ['id'],
  });
  await createTable(db, 'settings', { text: ['name', 'value'], key: ['name'] });
}
