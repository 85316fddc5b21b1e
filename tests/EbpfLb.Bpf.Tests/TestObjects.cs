namespace EbpfLb.Bpf.Tests;

/// <summary>The objects that were compiled from bpf/*.bpf.c next to the test program.</summary>
internal static class TestObjects
{
    public static byte[] Bytes(string name) => File.ReadAllBytes(Path.Combine(AppContext.BaseDirectory, "bpf", $"{name}.bpf.o"));

    public static BpfObject Open(string name) => BpfObject.Open(Bytes(name), new ObjectOpenOptions(name));

    public static BpfObject Load(string name, Action<BpfObject>? prepare = null)
    {
        var obj = Open(name);
        try
        {
            prepare?.Invoke(obj);
            obj.Load();
            return obj;
        }
        catch
        {
            obj.Dispose();
            throw;
        }
    }
}
