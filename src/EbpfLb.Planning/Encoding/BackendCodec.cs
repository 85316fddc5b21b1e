using System.Runtime.InteropServices;
using EbpfLb.Abi;
using EbpfLb.Model;
using EbpfLb.Policy;

namespace EbpfLb.Planning.Encoding;

/// <summary>Elements of lb_backends.</summary>
public static class BackendCodec
{
    /// <summary>What says that a backend is in a list.</summary>
    public const BackendLists AnyList = BackendLists.InCluster | BackendLists.InLocal;

    /// <summary>What says that a backend has a place in the tables.</summary>
    public const BackendLists Stays = AnyList | BackendLists.Keeps;

    /// <summary>What a backend is, whatever lists it is in.</summary>
    public const BackendLists Traits = BackendLists.Local | BackendLists.OnWire | BackendLists.Serves;

    private const BackendLists All = Stays | Traits;

    /// <param name="lists">In place of those that the backend has.</param>
    public static LbBackend Encode(CompiledBackend backend, BackendLists lists, TransportProtocol protocol, uint serviceId)
    {
        var value = new LbBackend
        {
            Port = Be16.FromHost(backend.Address.Port),
            Proto = (byte)protocol,
            Family = (byte)backend.Address.Address.Family,
            ServiceId = serviceId,
            Flags = (uint)lists,
            Weight = backend.Weight,
        };
        backend.Address.Address.WriteBytes(MemoryMarshal.AsBytes(new Span<Be32x4>(ref value.Addr)));
        backend.Node?.Address.WriteBytes(MemoryMarshal.AsBytes(new Span<Be32x4>(ref value.Node)));
        return value;
    }

    public static BackendAddress Address(in LbBackend value)
        => new(IpAddress.FromBytes(AbiBytes.Of(value.Addr)), value.Port.ToHost());

    /// <summary>The backend that the element is, in these lists.</summary>
    internal static CompiledBackend Decode(in LbBackend value, BackendLists lists) => new(Address(value), lists, value.Weight)
    {
        Node = IpAddress.FromBytes(AbiBytes.Of(value.Node)) is { IsUnspecified: false } node ? new TunnelEnd(node) : null,
    };

    /// <summary>The lists that the element says it is in; bits that mean nothing are left out.</summary>
    public static BackendLists Lists(in LbBackend value) => (BackendLists)value.Flags & All;

    /// <summary>The element without flags other than these.</summary>
    public static LbBackend Keeping(LbBackend value, BackendLists lists)
    {
        value.Flags &= (uint)lists;
        return value;
    }
}
