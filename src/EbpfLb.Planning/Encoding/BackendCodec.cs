using System.Buffers.Binary;
using System.Runtime.InteropServices;
using EbpfLb.Abi;
using EbpfLb.Model;
using EbpfLb.Policy;

namespace EbpfLb.Planning.Encoding;

/// <summary>Elements of lb_backends.</summary>
internal static class BackendCodec
{
    private const int PortOffset = 16;

    /// <summary>A backend in the list of its service.</summary>
    public static LbBackend Encode(BackendAddress backend, TransportProtocol protocol, uint serviceId)
    {
        var value = new LbBackend
        {
            Proto = (byte)protocol,
            Family = (byte)backend.Address.Family,
            ServiceId = serviceId,
            Flags = (uint)LbBackendFlag.Live,
        };
        var bytes = MemoryMarshal.AsBytes(MemoryMarshal.CreateSpan(ref value, 1));
        backend.Address.WriteBytes(bytes);
        BinaryPrimitives.WriteUInt16BigEndian(bytes[PortOffset..], backend.Port);
        return value;
    }

    public static BackendAddress Address(in LbBackend value)
    {
        var bytes = MemoryMarshal.AsBytes(MemoryMarshal.CreateReadOnlySpan(in value, 1));
        return new BackendAddress(IpAddress.FromBytes(bytes[..16]), BinaryPrimitives.ReadUInt16BigEndian(bytes[PortOffset..]));
    }

    public static bool IsLive(in LbBackend value) => (value.Flags & (uint)LbBackendFlag.Live) != 0;

    public static LbBackend WithoutLive(LbBackend value)
    {
        value.Flags &= ~(uint)LbBackendFlag.Live;
        return value;
    }
}
