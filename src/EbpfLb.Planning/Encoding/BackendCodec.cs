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

    private const BackendLists All = Stays | BackendLists.Local | BackendLists.OnWire;

    public static LbBackend Encode(BackendAddress backend, BackendLists lists, TransportProtocol protocol, uint serviceId, ushort weight)
    {
        var value = new LbBackend
        {
            Port = Be16.FromHost(backend.Port),
            Proto = (byte)protocol,
            Family = (byte)backend.Address.Family,
            ServiceId = serviceId,
            Flags = (uint)lists,
            Weight = weight,
        };
        backend.Address.WriteBytes(MemoryMarshal.AsBytes(new Span<Be32x4>(ref value.Addr)));
        return value;
    }

    public static BackendAddress Address(in LbBackend value)
        => new(IpAddress.FromBytes(AbiBytes.Of(value.Addr)), value.Port.ToHost());

    /// <summary>The lists that the element says it is in; bits that mean nothing are left out.</summary>
    public static BackendLists Lists(in LbBackend value) => (BackendLists)value.Flags & All;

    /// <summary>The element without flags other than these.</summary>
    public static LbBackend Keeping(LbBackend value, BackendLists lists)
    {
        value.Flags &= (uint)lists;
        return value;
    }
}
