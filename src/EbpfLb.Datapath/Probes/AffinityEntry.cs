using EbpfLb.Abi;
using EbpfLb.Bpf;
using EbpfLb.Datapath.Loader;
using EbpfLb.Datapath.Options;
using EbpfLb.Model;
using EbpfLb.Planning.Encoding;
using EbpfLb.Policy;

namespace EbpfLb.Datapath.Probes;

/// <summary>What session affinity remembers of a client, by its address.</summary>
/// <param name="Backend">null: the id is another service's by now.</param>
public sealed record AffinityEntry(LbAffKey Key, LbAff Value, BackendAddress? Backend)
{
    /// <summary>Looks without being noticed: only programs' lookups make an entry younger. null: nothing is remembered.</summary>
    public static AffinityEntry? Find(DatapathOptions options, uint serviceId, IpAddress client)
    {
        if (Places.Find(options) is not { } paths || !AbiStamp.Matches(paths.Map(Abi.Tables.Meta.Name))) return null;
        Span<byte> bytes = stackalloc byte[16];
        client.WriteBytes(bytes);
        var key = new LbAffKey { Client = U32x4.FromBytes(bytes), ServiceId = serviceId, Kind = (uint)LbClientKind.Addr };
        using var affinity = BpfMap.OpenPinned<LbAffKey, LbAff>(paths.Map(Abi.Tables.Affinity.Name));
        if (!affinity.TryLookup(key, out var value)) return null;
        using var backends = BpfMap.OpenPinned<uint, LbBackend>(paths.Map(Abi.Tables.Backends.Name));
        var isThere = backends.TryLookup(value.BackendId, out var backend) && backend.ServiceId == serviceId;
        return new AffinityEntry(key, value, isThere ? BackendCodec.Address(backend) : null);
    }
}
