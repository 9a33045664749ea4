// Independent readers of what konfa writes.
import { XMLParser, XMLValidator } from "fast-xml-parser";
import ICAL from "ical.js";
import jsQR from "jsqr";
import { PNG } from "pngjs";

/** What a QR code says, found in a PNG (a Buffer): a screenshot or a download. */
export function qr(png) {
  const { data, width, height } = PNG.sync.read(png);
  return jsQR(new Uint8ClampedArray(data), width, height)?.data;
}

/** The events of a calendar (ICAL.Event each), zones registered. */
export function calendar(text) {
  const root = new ICAL.Component(ICAL.parse(text));
  for (const z of root.getAllSubcomponents("vtimezone")) ICAL.TimezoneService.register(z);
  return root.getAllSubcomponents("vevent").map((e) => new ICAL.Event(e));
}

/** A well-formed XML document as an object; attributes start with @. */
export function xml(text) {
  const ok = XMLValidator.validate(text);
  if (ok !== true) throw new Error(`no XML: ${JSON.stringify(ok.err)}`);
  return new XMLParser({ ignoreAttributes: false, attributeNamePrefix: "@" }).parse(text);
}
