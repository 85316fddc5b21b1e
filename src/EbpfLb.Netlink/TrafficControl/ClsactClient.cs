using System.Net;
using EbpfLb.Netlink.Wire;

namespace EbpfLb.Netlink.TrafficControl;

/// <summary>
/// Programs at devices the way of kernels before TCX: the qdisc "clsact" and filters at it (tc-bpf(8)). Works in the network
/// namespace of the thread that opened it.
/// </summary>
public sealed class ClsactClient : IDisposable
{
    /// <summary>Kind of the qdisc.</summary>
    public const string Clsact = "clsact";

    /// <summary>TC_H_CLSACT; the qdisc "ingress" has the same place.</summary>
    private const uint Parent = 0xfffffff1;

    private const uint Handle = 0xffff0000;
    private const int Kind = 1;
    private const int Options = 2;
    private const int BpfDescriptor = 6;
    private const int BpfName = 7;
    private const int BpfFlags = 8;
    private const uint DirectAction = 1;

    /// <summary>ETH_P_ALL.</summary>
    private const short AllProtocols = 3;

    private readonly NetlinkSocket socket;

    private ClsactClient(NetlinkSocket socket) => this.socket = socket;

    /// <exception cref="NetlinkException">No netlink socket can be had.</exception>
    public static ClsactClient Open() => new(NetlinkSocket.Open());

    /// <summary>The clsact or ingress qdisc of a device; null when there is none.</summary>
    /// <exception cref="NetlinkException">ENODEV: no such device.</exception>
    public Qdisc? Find(int linkIndex)
    {
        try
        {
            // The answer is a notification of the kernel's: without ECHO it goes to listeners, but not to who asked.
            var question = MessageBuilder.Create(MessageType.GetQdisc, QdiscOf(linkIndex), MessageFlags.Echo);
            return socket.Get(question, $"read the qdisc of device {linkIndex}", TcParser.Qdisc);
        }
        catch (NetlinkException e) when (e.Errno is NetlinkErrno.ENOENT or NetlinkErrno.EINVAL)
        {
            // EINVAL: the place is there, with a stand-in of another handle.
            return null;
        }
    }

    /// <summary>Makes the qdisc.</summary>
    /// <exception cref="NetlinkException">EEXIST: there is one, perhaps of kind "ingress". ENODEV: no such device.</exception>
    public void Add(int linkIndex) => socket.Request(
        MessageBuilder.Create(MessageType.NewQdisc, QdiscOf(linkIndex), MessageFlags.Create | MessageFlags.Exclusive).Add(Kind, Clsact),
        $"add {Clsact} to device {linkIndex}");

    /// <summary>Removes the qdisc with every filter at it.</summary>
    /// <exception cref="NetlinkException">ENOENT or EINVAL: there is none. ENODEV: no such device.</exception>
    public void Remove(int linkIndex) => socket.Request(
        MessageBuilder.Create(MessageType.DeleteQdisc, QdiscOf(linkIndex)), $"remove {Clsact} from device {linkIndex}");

    /// <summary>All filters of one direction; empty also where there is no qdisc.</summary>
    public IReadOnlyList<TcFilter> Filters(int linkIndex, TcDirection direction) => socket.Dump(
        MessageBuilder.Create(MessageType.GetFilter, new TrafficControlBody { Index = linkIndex, Parent = ParentOf(direction) }),
        $"read the {direction} filters of device {linkIndex}", m => TcParser.Filter(m, direction));

    /// <summary>Adds a filter.</summary>
    /// <exception cref="NetlinkException">EEXIST: there is one of this priority and handle, or of another kind. EINVAL: no clsact
    /// there.</exception>
    public void Add(BpfFilter filter) => Put(filter, MessageFlags.Create | MessageFlags.Exclusive, "add");

    /// <summary>
    /// Gives the filter of this priority and handle another program and name, atomically: every packet meets the old or the new one.
    /// </summary>
    /// <exception cref="NetlinkException">ENOENT: there is none.</exception>
    public void Replace(BpfFilter filter) => Put(filter, MessageFlags.None, "replace");

    /// <summary>Removes one filter.</summary>
    /// <exception cref="NetlinkException">ENOENT or EINVAL: it is not there.</exception>
    public void Remove(TcFilter filter) => socket.Request(
        MessageBuilder.Create(MessageType.DeleteFilter, FilterOf(filter.LinkIndex, filter.Direction, filter.Priority, filter.Handle))
            .Add(Kind, filter.Kind),
        $"remove the {filter.Direction} filter {filter.Name} from device {filter.LinkIndex}");

    /// <inheritdoc/>
    public void Dispose() => socket.Dispose();

    private void Put(BpfFilter filter, MessageFlags flags, string verb)
    {
        var message = MessageBuilder.Create(
                MessageType.NewFilter, FilterOf(filter.LinkIndex, filter.Direction, filter.Priority, filter.Handle), flags)
            .Add(Kind, "bpf")
            .AddNested(Options, options => options
                .Add(BpfDescriptor, (uint)filter.Program.DangerousGetHandle())
                .Add(BpfName, filter.Name)
                .Add(BpfFlags, DirectAction));
        socket.Request(message, $"{verb} the {filter.Direction} filter {filter.Name} at device {filter.LinkIndex}");
        GC.KeepAlive(filter.Program);
    }

    private static TrafficControlBody QdiscOf(int linkIndex) => new() { Index = linkIndex, Handle = Handle, Parent = Parent };

    private static TrafficControlBody FilterOf(int linkIndex, TcDirection direction, ushort priority, uint handle) => new()
    {
        Index = linkIndex,
        Handle = handle,
        Parent = ParentOf(direction),
        Info = (uint)priority << 16 | (ushort)IPAddress.HostToNetworkOrder(AllProtocols),
    };

    /// <summary>TC_H_MAKE(TC_H_CLSACT, TC_H_MIN_INGRESS or TC_H_MIN_EGRESS).</summary>
    private static uint ParentOf(TcDirection direction) => direction == TcDirection.Ingress ? 0xfffffff2 : 0xfffffff3;
}
