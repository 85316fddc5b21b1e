using EbpfLb.Testing.Agents;
using EbpfLb.Testing.Netns;

namespace EbpfLb.Bpf.Tests;

/// <summary>A directory of its own for one test's pins; dispose removes it with everything in it.</summary>
internal sealed class PinScope : IDisposable
{
    public PinScope()
    {
        Directory = Path.Combine(BpfFs.MountPoint, Leftovers.NewName());
    }

    public string Directory { get; }

    public string this[string name] => Path.Combine(Directory, name);

    public void Dispose()
    {
        if (System.IO.Directory.Exists(Directory))
            System.IO.Directory.Delete(Directory, recursive: true);
    }
}
