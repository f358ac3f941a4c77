import type { PyodideInterface } from "pyodide";

type Device = {
  /** Up to `target.length` bytes; 0 at the end. */
  readonly read: (target: Uint8Array) => number;
  readonly write: (data: Uint8Array) => void;
};

// Of Emscripten's file system, https://emscripten.org/docs/api_reference/Filesystem-API.html
type FileSystem = {
  makedev(major: number, minor: number): number;
  registerDevice(device: number, operations: Readonly<Record<string, unknown>>): void;
  mkdev(path: string, device: number): void;
};
type Bytes = { readonly buffer: ArrayBuffer; readonly byteOffset: number };

// Any that Emscripten has not given out.
const majorNumber = 100;

/** Makes a file in Python's memory that is read and written here. */
export function addDevice(python: PyodideInterface, path: string, { read, write }: Device): void {
  const files = python.FS as unknown as FileSystem;
  const bytesOf = ({ buffer, byteOffset }: Bytes, offset: number, length: number) =>
    new Uint8Array(buffer, byteOffset + offset, length);
  const device = files.makedev(majorNumber, 0);
  files.registerDevice(device, {
    read: (_stream: unknown, target: Bytes, offset: number, length: number) => read(bytesOf(target, offset, length)),
    write(_stream: unknown, source: Bytes, offset: number, length: number) {
      write(bytesOf(source, offset, length));
      return length;
    },
  });
  files.mkdev(path, device);
}
