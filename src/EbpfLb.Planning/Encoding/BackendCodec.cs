using System.Runtime.InteropServices;
using EbpfLb.Abi;
using EbpfLb.Model;
using EbpfLb.Policy;

namespace EbpfLb.Planning.Encoding;

/// <summary>Elements of lb_backends.</summary>
public static class BackendCodec
{
    /// <summary>A backend in the list of its service.</summary>
    public static LbBackend Encode(BackendAddress backend, TransportProtocol protocol, uint serviceId)
    {
        var value = new LbBackend
        {
            Port = Be16.FromHost(backend.Port),
            Proto = (byte)protocol,
            Family = (byte)backend.Address.Family,
            ServiceId = serviceId,
            Flags = (uint)LbBackendFlag.InCluster,
        };
        backend.Address.WriteBytes(MemoryMarshal.AsBytes(new Span<Be32x4>(ref value.Addr)));
        return value;
    }

    public static BackendAddress Address(in LbBackend value)
        => new(IpAddress.FromBytes(AbiBytes.Of(value.Addr)), value.Port.ToHost());

    public static bool IsLive(in LbBackend value) => (value.Flags & (uint)LbBackendFlag.InCluster) != 0;

    public static LbBackend WithoutLive(LbBackend value)
    {
        value.Flags &= ~(uint)LbBackendFlag.InCluster;
        return value;
    }
}
