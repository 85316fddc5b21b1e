using EbpfLb.Bpf;
using EbpfLb.Datapath.Loader;

namespace EbpfLb.Datapath.Handover;

/// <summary>Objects of bpf/switch, which travel in this assembly.</summary>
internal static class SwitchObject
{
    /// <summary>As LB_RECAST_KEY and LB_RECAST_VALUE (bpf/lib/lb_recast.h).</summary>
    public const int KeyBytes = 64, ValueBytes = 128;

    public const string Packets = "switch_tc.bpf.o", Sockets = "switch_sock.bpf.o", SocketsAtRest = "switch_iter.bpf.o";

    /// <summary>Whether programs can follow the other layout.</summary>
    public static bool Fits(OldMap map) => map.Map.Info is { KeySize: <= KeyBytes, ValueSize: <= ValueBytes };

    /// <exception cref="BpfException">The kernel refused.</exception>
    public static BpfObject Load(string resource, MapSet maps, Action<BpfObject> configure)
    {
        using var elf = typeof(SwitchObject).Assembly.GetManifestResourceStream(resource)
            ?? throw new InvalidOperationException($"the assembly was built without {resource}: run make build");
        var bpf = BpfObject.Open(elf, new ObjectOpenOptions(resource));
        try
        {
            foreach (var map in bpf.Maps.Values)
            {
                if (maps.All.TryGetValue(map.Name, out var ours)) map.Reuse(ours);
            }
            configure(bpf);
            bpf.Load();
            return bpf;
        }
        catch
        {
            bpf.Dispose();
            throw;
        }
    }
}
