using System.Runtime.InteropServices;
using EbpfLb.Abi;
using EbpfLb.Model;
using EbpfLb.Policy;

namespace EbpfLb.Datapath.Node;

/// <summary>Keys and values of lb_devices, lb_vlans, lb_node_addrs4/6, lb_nodes and lb_settings.</summary>
internal static class NodeCodec
{
    private static readonly IpAddress AllOnes = IpAddress.Parse("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff");

    public static LbDevice Encode(NodeDevice device)
    {
        var value = new LbDevice
        {
            Flags = (device.Pod ? (uint)LbDeviceFlag.Pod : 0) | (device.Detect ? (uint)LbDeviceFlag.Detect : 0)
                | (device.Bare ? (uint)LbDeviceFlag.Bare : 0) | (device.Above ? (uint)LbDeviceFlag.Above : 0)
                | (device.Away ? (uint)LbDeviceFlag.Away : 0) | (device.SendsFrames ? (uint)LbDeviceFlag.Xdp : 0)
                | (device.SendsOwnFrames ? (uint)LbDeviceFlag.XdpSend : 0) | (device.Bridge ? (uint)LbDeviceFlag.Bridge : 0)
                | (device.Wraps ? (uint)LbDeviceFlag.Wraps : 0),
        };
        if (device.Lower != 0) (value.Lower, value.Vlan) = (device.Lower, Be16.FromHost(device.Vlan));
        if (device.Mac?.GetAddressBytes() is { Length: 6 } mac) value.Mac = U8x6.FromBytes(mac);
        if (device.Upper?.GetAddressBytes() is { Length: 6 } upper) value.Upper = U8x6.FromBytes(upper);
        if (device.Snat4 is { } snat4) value.Snat4 = ToBe32(snat4);
        if (device.Snat6 is { } snat6) value.Snat6 = ToBe32x4(snat6);
        return value;
    }

    public static LbVlan ToVlan(NodeDevice device) => new() { Lower = device.Lower, Vlan = Be16.FromHost(device.Vlan) };

    /// <summary>"VLAN 7 on device 3", the device by its index.</summary>
    public static string Words(LbVlan key) => $"VLAN {key.Vlan.ToHost()} on device {key.Lower}";

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
        if (settings.Tunnel4 is { } tunnel4) value.Node4 = ToBe32(tunnel4);
        if (settings.Tunnel6 is { } tunnel6) value.Node6 = ToBe32x4(tunnel6);
        // Programs compare with all places, so that unused ones hold the first range again.
        for (var i = 0; i < NodeSettings.MostPodRanges; i++)
        {
            if (!settings.Pods4.IsEmpty)
                (value.Pods4[i], value.Pods4Mask[i]) = Encode4(settings.Pods4[i < settings.Pods4.Count ? i : 0]);
            if (!settings.Pods6.IsEmpty)
                (value.Pods6[i], value.Pods6Mask[i]) = Encode6(settings.Pods6[i < settings.Pods6.Count ? i : 0]);
        }
        return value;
    }

    public static LbPrefix4 ToPrefix4(SourceRange range) => new() { PrefixLen = range.Length, Addr = ToBe32(range.Prefix) };

    public static LbPrefix6 ToPrefix6(SourceRange range) => new() { PrefixLen = range.Length, Addr = ToBe32x4(range.Prefix) };

    public static SourceRange ToRange(LbPrefix4 key) => new(From(key.Addr), (byte)key.PrefixLen);

    public static SourceRange ToRange(LbPrefix6 key) => new(From(key.Addr), (byte)key.PrefixLen);

    /// <summary>The ranges around all addresses of services.</summary>
    public static BoundingPrefix Services(in LbSettings settings) => new(
        Has(settings, LbSetting.SetSvc4) ? new SourceRange(From(settings.Svc4), Bits(AbiBytes.Of(settings.Svc4Mask))) : null,
        Has(settings, LbSetting.SetSvc6) ? new SourceRange(From(settings.Svc6), Bits(AbiBytes.Of(settings.Svc6Mask))) : null);

    /// <summary>The settings with these ranges around all addresses of services.</summary>
    public static LbSettings With(LbSettings settings, BoundingPrefix services)
    {
        settings.Flags &= ~(uint)(LbSetting.SetSvc4 | LbSetting.SetSvc6);
        settings.Flags |= Flag(services.IPv4 is not null, LbSetting.SetSvc4) | Flag(services.IPv6 is not null, LbSetting.SetSvc6);
        (settings.Svc4, settings.Svc4Mask) = services.IPv4 is { } four ? (ToBe32(four.Prefix), Mask4(four)) : default;
        (settings.Svc6, settings.Svc6Mask) = services.IPv6 is { } six ? (ToBe32x4(six.Prefix), Mask6(six)) : default;
        return settings;
    }

    private static (Be32 Prefix, Be32 Mask) Encode4(SourceRange range) => (ToBe32(range.Prefix), Mask4(range));

    private static (Be32x4 Prefix, Be32x4 Mask) Encode6(SourceRange range) => (ToBe32x4(range.Prefix), Mask6(range));

    private static bool Has(in LbSettings settings, LbSetting flag) => (settings.Flags & (uint)flag) != 0;

    private static Be32 Mask4(SourceRange range) => ToBe32(IpAddress.FromIPv4(uint.MaxValue).FirstBits(range.Length));

    private static Be32x4 Mask6(SourceRange range) => ToBe32x4(AllOnes.FirstBits(range.Length));

    private static IpAddress From<T>(T address)
        where T : unmanaged
        => IpAddress.FromBytes(AbiBytes.Of(address));

    private static byte Bits(ReadOnlySpan<byte> mask)
    {
        byte count = 0;
        foreach (var part in mask) count += byte.PopCount(part);
        return count;
    }

    private static uint Flags(NodeSettings settings)
        => Flag(!settings.Pods4.IsEmpty, LbSetting.SetPods4)
        | Flag(!settings.Pods6.IsEmpty, LbSetting.SetPods6)
        | Flag(settings.DetectByDevice, LbSetting.SetPodsDevice)
        | Flag(settings.MasqueradeAll, LbSetting.SetMasqueradeAll)
        | Flag(settings.AlwaysSnat, LbSetting.SetAlwaysSnat)
        | Flag(settings.HostSocketsOnly, LbSetting.SetHostSockets)
        | Flag(settings.ProtectNodePorts, LbSetting.SetProtectPorts)
        | Flag(settings.LoopbackNodePorts4, LbSetting.SetLoopback4)
        | Flag(settings.LoopbackNodePorts6, LbSetting.SetLoopback6)
        | Flag(settings.Events, LbSetting.SetEvents)
        | Flag(settings.DevicesAbove, LbSetting.SetAbove)
        | Flag(settings.Bridges, LbSetting.SetBridge);

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
