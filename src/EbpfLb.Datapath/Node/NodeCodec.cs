using System.Runtime.InteropServices;
using EbpfLb.Abi;
using EbpfLb.Model;
using EbpfLb.Policy;

namespace EbpfLb.Datapath.Node;

/// <summary>Keys and values of lb_devices, lb_node_addrs4/6 and lb_settings.</summary>
internal static class NodeCodec
{
    private static readonly IpAddress AllOnes = IpAddress.Parse("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff");

    public static LbDevice Encode(NodeDevice device)
    {
        var value = new LbDevice
        {
            Flags = (device.Pod ? (uint)LbDeviceFlag.Pod : 0) | (device.Detect ? (uint)LbDeviceFlag.Detect : 0),
        };
        if (device.Snat4 is { } snat4) value.Snat4 = ToBe32(snat4);
        if (device.Snat6 is { } snat6) value.Snat6 = ToBe32x4(snat6);
        return value;
    }

    public static LbNodeAddr Encode(NodeAddress address) => new() { Flags = address.NodePort ? (uint)LbNodeAddrFlag.NodePort : 0 };

    public static LbIp4 ToIp4(IpAddress address) => new() { Addr = ToBe32(address) };

    public static LbIp6 ToIp6(IpAddress address) => new() { Addr = ToBe32x4(address) };

    public static IpAddress ToAddress(in LbIp4 key) => IpAddress.FromBytes(AbiBytes.Of(key.Addr));

    public static IpAddress ToAddress(in LbIp6 key) => IpAddress.FromBytes(AbiBytes.Of(key.Addr));

    /// <param name="nodePorts">Configured or in use; null for none.</param>
    /// <param name="pendingFlows">Elements of lb_ct_pending.</param>
    public static LbSettings Encode(NodeSettings settings, PortRange? nodePorts, uint pendingFlows)
    {
        var value = new LbSettings
        {
            HostNetns = settings.HostNetnsCookie,
            Flags = Flags(settings),
            CtPending = pendingFlows,
            NodePortFirst = nodePorts?.First ?? 0,
            NodePortLast = nodePorts?.Last ?? 0,
            SnatPortFirst = settings.SnatPorts?.First ?? 0,
            SnatPortLast = settings.SnatPorts?.Last ?? 0,
        };
        if (settings.Pods4 is { } pods4)
            (value.Pods4, value.Pods4Mask) = (ToBe32(pods4.Prefix), ToBe32(IpAddress.FromIPv4(uint.MaxValue).FirstBits(pods4.Length)));
        if (settings.Pods6 is { } pods6)
            (value.Pods6, value.Pods6Mask) = (ToBe32x4(pods6.Prefix), ToBe32x4(AllOnes.FirstBits(pods6.Length)));
        return value;
    }

    private static uint Flags(NodeSettings settings)
        => Flag(settings.Pods4 is not null, LbSetting.SetPods4)
        | Flag(settings.Pods6 is not null, LbSetting.SetPods6)
        | Flag(settings.DetectByDevice, LbSetting.SetPodsDevice)
        | Flag(settings.MasqueradeAll, LbSetting.SetMasqueradeAll)
        | Flag(settings.AlwaysSnat, LbSetting.SetAlwaysSnat)
        | Flag(settings.HostSocketsOnly, LbSetting.SetHostSockets)
        | Flag(settings.ProtectNodePorts, LbSetting.SetProtectPorts)
        | Flag(settings.LoopbackNodePorts4, LbSetting.SetLoopback4)
        | Flag(settings.LoopbackNodePorts6, LbSetting.SetLoopback6)
        | Flag(settings.Events, LbSetting.SetEvents);

    private static uint Flag(bool set, LbSetting flag) => set ? (uint)flag : 0;

    private static Be32 ToBe32(IpAddress address)
    {
        Span<byte> bytes = stackalloc byte[16];
        address.WriteBytes(bytes);
        return MemoryMarshal.Read<Be32>(bytes[12..]);
    }

    private static Be32x4 ToBe32x4(IpAddress address)
    {
        Span<byte> bytes = stackalloc byte[16];
        address.WriteBytes(bytes);
        return MemoryMarshal.Read<Be32x4>(bytes);
    }
}
