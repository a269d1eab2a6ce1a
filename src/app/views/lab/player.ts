export const SPEEDS = [0.5, 1, 2, 4] as const;
export type Speed = (typeof SPEEDS)[number];

/**
 * A player over frames 0 to `frameCount`, where frame `n` means that `n` steps are done. Pure: time comes in as
 * `tick`s, so that play, pause and stepping can be tested without a clock.
 */
export interface Player {
  readonly frame: number;
  readonly frameCount: number;
  readonly isPlaying: boolean;
  readonly speed: Speed;
}

const FRAME_MS = 900;

export function newPlayer(frameCount: number, speed: Speed = 1): Player {
  return { frame: 0, frameCount, isPlaying: false, speed };
}

/** How long a frame stays before the next one. */
export function frameDurationMs(player: Player): number {
  return FRAME_MS / player.speed;
}

/** Space: pauses, or plays on; at the end it plays from the start. */
export function togglePlay(player: Player): Player {
  if (player.isPlaying) return { ...player, isPlaying: false };
  const frame = player.frame >= player.frameCount ? 0 : player.frame;
  return { ...player, frame, isPlaying: player.frameCount > 0 };
}

/** A frame's time is over: the next one, and a stop after the last. */
export function tick(player: Player): Player {
  if (!player.isPlaying) return player;
  const frame = Math.min(player.frame + 1, player.frameCount);
  return { ...player, frame, isPlaying: frame < player.frameCount };
}

/** Goes to a frame; whoever steps by hand is no longer playing. */
export function seek(player: Player, frame: number): Player {
  return { ...player, frame: Math.min(Math.max(0, frame), player.frameCount), isPlaying: false };
}

export function withSpeed(player: Player, speed: Speed): Player {
  return { ...player, speed };
}
