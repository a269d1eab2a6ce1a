/** Where in the workbench we are; everything that a link can carry. */
export type Route =
  | { readonly place: 'library' }
  | { readonly place: 'image'; readonly id: string; readonly tab: ImageTab; readonly params: Params }
  | { readonly place: 'lab'; readonly params: Params }
  | { readonly place: 'console' }
  | { readonly place: 'help'; readonly params: Params };

export type Place = Route['place'];
export type Params = Readonly<Record<string, string>>;

export const IMAGE_TABS = ['overview', 'map', 'structure', 'guest', 'check'] as const;
export type ImageTab = (typeof IMAGE_TABS)[number];

/** Reads the address after `#`. Whatever does not name a place leads to the library. */
export function parseRoute(hash: string): Route {
  const [path = '', query = ''] = splitOnce(hash.replace(/^#?\/?/, ''), '?');
  const [place, id, tab] = path.split('/');
  const params = parseParams(query);
  if (place === 'lab') return { place, params };
  if (place === 'console') return { place };
  if (place === 'help') return { place, params };
  if (place === 'image' && id) return { place, id: decode(id), tab: imageTab(tab), params };
  return { place: 'library' };
}

export function formatRoute(route: Route): string {
  switch (route.place) {
    case 'library':
    case 'console':
      return `#/${route.place}`;
    case 'image':
      return `#/image/${encodeURIComponent(route.id)}/${route.tab}${formatParams(route.params)}`;
    case 'lab':
    case 'help':
      return `#/${route.place}${formatParams(route.params)}`;
  }
}

function imageTab(text: string | undefined): ImageTab {
  return IMAGE_TABS.find((tab) => tab === text) ?? 'overview';
}

function parseParams(query: string): Params {
  const params: Record<string, string> = {};
  for (const part of query.split('&')) {
    const [key = '', value = ''] = splitOnce(part, '=');
    if (key !== '') params[decode(key)] = decode(value);
  }
  return params;
}

// Not URLSearchParams: it would escape the characters that keep links to the lab readable.
function formatParams(params: Params): string {
  const parts = Object.entries(params).map(([key, value]) => `${key}=${escapeValue(value)}`);
  return parts.length === 0 ? '' : `?${parts.join('&')}`;
}

function escapeValue(value: string): string {
  return value.replace(/[%&#\s]/g, (character) => encodeURIComponent(character));
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch (error) {
    // A lone percent sign in a hand-edited address stands for itself.
    if (error instanceof URIError) return text;
    throw error;
  }
}

function splitOnce(text: string, separator: string): [string, string] {
  const at = text.indexOf(separator);
  return at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + 1)];
}
