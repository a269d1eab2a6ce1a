import { formatRoute, parseRoute, type Place, type Route } from './route.ts';

/** The current route; the address bar is the one place where it lives. */
export class Router {
  #route = $state.raw<Route>(parseRoute(location.hash));
  #last = $state.raw<Readonly<Partial<Record<Place, Route>>>>({});

  constructor() {
    this.#show(this.#route);
    addEventListener('popstate', () => this.#show(parseRoute(location.hash)));
  }

  get route(): Route {
    return this.#route;
  }

  /** Goes to a place; the back button returns. */
  go(route: Route): void {
    const hash = formatRoute(route);
    if (hash !== location.hash) history.pushState(null, '', hash);
    this.#show(parseRoute(hash));
  }

  /** Changes the address without a step in the history, as for a position that moves with the mouse. */
  replace(route: Route): void {
    history.replaceState(null, '', formatRoute(route));
    this.#show(route);
  }

  /** Where a place was left; the library stands in for an image as long as none was looked at. */
  lastIn(place: Place): Route {
    const last = this.#last[place];
    if (last !== undefined) return last;
    if (place === 'lab' || place === 'help') return { place, params: {} };
    return { place: place === 'console' ? 'console' : 'library' };
  }

  /** The image is gone: nothing leads there any more. */
  forgetImage(id: string): void {
    const last = this.#last.image;
    if (last?.place === 'image' && last.id === id) this.#last = { ...this.#last, image: undefined };
  }

  #show(route: Route): void {
    this.#route = route;
    this.#last = { ...this.#last, [route.place]: route };
  }
}
