import { describe, expect, it } from 'vitest';
import { frameDurationMs, newPlayer, seek, tick, togglePlay, withSpeed } from '../../../src/app/views/lab/player.ts';

describe('the player', () => {
  it('plays a frame at each tick and stops after the last', () => {
    const playing = togglePlay(newPlayer(2));
    const ended = tick(tick(playing));
    expect(tick(playing)).toMatchObject({ frame: 1, isPlaying: true });
    expect(ended).toMatchObject({ frame: 2, isPlaying: false });
    expect(tick(ended)).toBe(ended);
  });

  it('plays again from the start when it stands at the end', () => {
    expect(togglePlay(seek(newPlayer(3), 3))).toMatchObject({ frame: 0, isPlaying: true });
  });

  it('has nothing to play without frames', () => {
    expect(togglePlay(newPlayer(0)).isPlaying).toBe(false);
  });

  it('pauses when somebody steps by hand', () => {
    expect(seek(togglePlay(newPlayer(5)), 3)).toMatchObject({ frame: 3, isPlaying: false });
  });

  it.each([
    [-1, 0],
    [99, 5],
  ])('keeps frame %d within its bounds', (asked, frame) => {
    expect(seek(newPlayer(5), asked).frame).toBe(frame);
  });

  it('shows each frame half as long at double speed', () => {
    const player = newPlayer(1);
    expect(frameDurationMs(withSpeed(player, 2))).toBe(frameDurationMs(player) / 2);
  });
});
