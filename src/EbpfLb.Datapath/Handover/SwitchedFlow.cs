using System.Runtime.InteropServices;
using EbpfLb.Abi;
using EbpfLb.Datapath.Flows;
using EbpfLb.Model;

namespace EbpfLb.Datapath.Handover;

/// <summary>struct sw_flow of bpf/switch/tc.bpf.c.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct SwitchedFlow
{
    private Addresses addresses;
    private Be16 sourcePort;
    private Be16 destinationPort;
    private byte protocol;
    private byte family;
    private readonly ushort pad;
    private uint hook;

    public static SwitchedFlow Of(in FlowKey key)
    {
        var six = FlowCodec6.Key(key);
        return new SwitchedFlow
        {
            addresses = new Addresses { Source = six.Src, Destination = six.Dst },
            sourcePort = six.Sport,
            destinationPort = six.Dport,
            protocol = six.Proto,
            family = key.Source.Address.Family == IpFamily.IPv4 ? (byte)4 : (byte)6,
            hook = six.Hook,
        };
    }

    [StructLayout(LayoutKind.Sequential)]
    private struct Addresses
    {
        public Be32x4 Source;
        public Be32x4 Destination;
    }
}
