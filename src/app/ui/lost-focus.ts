/** Takes the focus of an element that has just gone, so that the keyboard goes on from here. Also as an attachment. */
export function takeLostFocus(element: HTMLElement): void {
  if (document.activeElement === document.body) element.focus({ preventScroll: true });
}
