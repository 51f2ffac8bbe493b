/** The part of WebAssembly used here; the server's types come without the browser's, where it is declared. */
export type WasmModule = object;
export type WasmInstance = { exports: object };
export type WasmImports = Record<string, Record<string, unknown>>;

type WebAssembly = {
  Module: new (code: Uint8Array) => WasmModule;
  Instance: new (module: WasmModule, imports: WasmImports) => WasmInstance;
};

const { WebAssembly: engine } = globalThis as unknown as { WebAssembly: WebAssembly };

/** Compiles once; the module may be instantiated many times. */
export function compile(code: Uint8Array): WasmModule {
  return new engine.Module(code);
}

/** A new instance with memory of its own. */
export function instantiate(module: WasmModule, imports: WasmImports): WasmInstance {
  return new engine.Instance(module, imports);
}
