using System.Runtime.InteropServices.Marshalling;

namespace EbpfLb.Native;

/// <summary>A string as C takes it, for the length of a call; null stays null.</summary>
internal readonly unsafe ref struct Utf8Text(string? text) : IDisposable
{
    public byte* Pointer { get; } = Utf8StringMarshaller.ConvertToUnmanaged(text);

    public void Dispose() => Utf8StringMarshaller.Free(Pointer);
}
