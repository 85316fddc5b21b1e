using System.Text;
using EbpfLb.Abi;
using EbpfLb.Datapath.Flows;
using EbpfLb.Model;

namespace EbpfLb.Datapath.Events;

/// <summary>The begin or end of a flow, as a program wrote it to lb_traces.</summary>
/// <param name="Protocol">IP protocol number.</param>
/// <param name="Client">null: not known; port 0: that is not.</param>
/// <param name="Source">What the backend sees in the client's place; null: the client itself.</param>
/// <param name="Node">The other end of the tunnel that the packet goes in or came in; null: in none.</param>
/// <param name="Device">Interface index where the packet came in; 0: a socket's.</param>
/// <param name="Process">Of sockets: the process that called; null: not known.</param>
/// <param name="Cookie">Of the socket; 0: a packet's flow.</param>
public sealed record TraceEvent(
    DateTimeOffset Time, LbTraceKind Kind, LbTraceHook Hook, byte Protocol, FlowEndpoint? Client, FlowEndpoint Frontend,
    FlowEndpoint Backend, FlowEndpoint? Source, TraceNode? Node, uint Device, TraceProcess? Process, ulong Cookie, uint ServiceId)
{
    /// <param name="clock">Turns the kernel's time into that of the wall.</param>
    public static TraceEvent Of(in LbTrace record, FlowClock clock)
    {
        var client = new FlowEndpoint(AddressOf(record.Client), record.ClientPort.ToHost());
        var source = new FlowEndpoint(AddressOf(record.Source), record.SourcePort.ToHost());
        return new TraceEvent(
            clock.TimeOf(record.TimeNs),
            (LbTraceKind)record.Kind,
            (LbTraceHook)record.Hook,
            record.Proto,
            client.Address.IsUnspecified ? null : client,
            new FlowEndpoint(AddressOf(record.Frontend), record.FrontendPort.ToHost()),
            new FlowEndpoint(AddressOf(record.Backend), record.BackendPort.ToHost()),
            source.Address.IsUnspecified || source == client ? null : source,
            record.Flags == 0 ? null : new TraceNode(AddressOf(record.Node), record.Flags == (byte)LbTraceFlag.FromNode),
            record.Iif,
            record.Pid == 0 ? null : new TraceProcess((int)record.Pid, NameOf(record.Process)),
            record.Cookie,
            record.ServiceId);
    }

    private static IpAddress AddressOf(in Be32x4 address) => IpAddress.FromBytes(AbiBytes.Of(address));

    /// <summary>A process may call itself anything; control characters could move the cursor of who reads it.</summary>
    private static string NameOf(in U8x16 name)
    {
        var bytes = AbiBytes.Of(name);
        var end = bytes.IndexOf((byte)0);
        var text = Encoding.UTF8.GetString(end < 0 ? bytes : bytes[..end]);
        return string.Concat(text.Select(c => char.IsControl(c) ? '?' : c));
    }
}

/// <param name="IsSender">The packet came from there; else it goes there.</param>
public sealed record TraceNode(IpAddress Address, bool IsSender);

/// <param name="Id">In the first process namespace.</param>
/// <param name="Name">As the kernel has it, at most 15 bytes.</param>
public sealed record TraceProcess(int Id, string Name);
