import { describe, expect, it } from 'vitest';
import { formatRoute, parseRoute, type Route } from '../../../src/app/state/route.ts';

describe('route', () => {
  const routes: Route[] = [
    { place: 'library' },
    { place: 'image', id: 'opfs:a b/ü.qcow2', tab: 'map', params: { cluster: '5' } },
    { place: 'image', id: 'local:42', tab: 'overview', params: {} },
    { place: 'lab', params: { s: 'v1~1M.4K.16.v3.lazy~writeback~any.512~w0.4K-f~~3.0,4-7', note: 'a&b=c #1 50%' } },
    { place: 'console' },
    { place: 'help', params: { topic: 'lazy refcounts' } },
  ];

  for (const route of routes) {
    it(`comes back from its address: ${formatRoute(route)}`, () => {
      expect(parseRoute(formatRoute(route))).toEqual(route);
    });
  }

  it('keeps the lab link readable', () => {
    expect(formatRoute({ place: 'lab', params: { s: 'v1~1M.4K~w0.4K-f' } })).toBe('#/lab?s=v1~1M.4K~w0.4K-f');
  });

  it('leads to the library from anything unknown', () => {
    for (const hash of ['', '#', '#/', '#/nowhere', '#/image', '#/image/']) {
      expect(parseRoute(hash)).toEqual({ place: 'library' });
    }
  });

  it('shows the overview when the tab is unknown', () => {
    expect(parseRoute('#/image/opfs%3Aa/nonsense')).toMatchObject({ tab: 'overview' });
  });

  it('takes a lone percent sign as it is', () => {
    expect(parseRoute('#/lab?s=100%')).toEqual({ place: 'lab', params: { s: '100%' } });
  });
});
