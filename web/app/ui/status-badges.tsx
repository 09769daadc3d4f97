/** The axes of status, kept apart: sync, health, operation (and the state of one service). */
import {
  CircleAlert,
  CircleCheck,
  CircleHelp,
  CirclePause,
  CircleStop,
  CircleX,
  Clock,
  Container,
  Download,
  GitBranch,
  GitCompareArrows,
  Hammer,
  LoaderCircle,
  Package,
  Play,
  type LucideIcon,
} from 'lucide-react';
import type { DeploymentState, Health, Sync } from '#schema/states';
import { Badge } from './badge.tsx';
import type { Tone } from './tone.ts';

interface Look {
  tone: Tone;
  icon: LucideIcon;
  word: string;
  spin?: true;
}

const HEALTH: Record<Health, Look> = {
  Healthy: { tone: 'good', icon: CircleCheck, word: 'Healthy' },
  Progressing: { tone: 'busy', icon: LoaderCircle, word: 'Progressing', spin: true },
  Degraded: { tone: 'warn', icon: CircleAlert, word: 'Degraded' },
  Unhealthy: { tone: 'bad', icon: CircleX, word: 'Unhealthy' },
  Suspended: { tone: 'quiet', icon: CirclePause, word: 'Suspended' },
  Unknown: { tone: 'quiet', icon: CircleHelp, word: 'Unknown' },
};

const SYNC: Record<Sync, Look> = {
  Synced: { tone: 'good', icon: CircleCheck, word: 'Synced' },
  OutOfSync: { tone: 'warn', icon: GitCompareArrows, word: 'Out of sync' },
  Unknown: { tone: 'quiet', icon: CircleHelp, word: 'Unknown' },
};

const STATE: Record<DeploymentState, Look> = {
  QUEUED: { tone: 'quiet', icon: Clock, word: 'Queued' },
  FETCHING: { tone: 'busy', icon: Download, word: 'Fetching' },
  CHECKOUT: { tone: 'busy', icon: GitBranch, word: 'Checking out' },
  BUILDING: { tone: 'busy', icon: Hammer, word: 'Building' },
  CREATING_IMAGE: { tone: 'busy', icon: Package, word: 'Creating image' },
  STARTING_CONTAINER: { tone: 'busy', icon: Container, word: 'Starting' },
  RUNNING: { tone: 'good', icon: Play, word: 'Running' },
  FAILED: { tone: 'bad', icon: CircleX, word: 'Failed' },
  STOPPED: { tone: 'quiet', icon: CircleStop, word: 'Stopped' },
};

function show({ tone, icon, word, spin }: Look, axis: string, title?: string) {
  return (
    <Badge tone={tone} icon={icon} axis={axis} spin={spin === true} title={title}>
      {word}
    </Badge>
  );
}

export const HealthBadge = ({ health, title }: { health: Health; title?: string }) =>
  show(HEALTH[health], 'Health', title);
export const SyncBadge = ({ sync, title }: { sync: Sync; title?: string }) => show(SYNC[sync], 'Sync', title);
export const StateBadge = ({
  state,
  axis = 'State',
  title,
}: {
  state: DeploymentState;
  axis?: string;
  title?: string;
}) => show(STATE[state], axis, title);

export function stateWord(state: DeploymentState): string {
  return STATE[state].word;
}
