using System.Net.Sockets;
using System.Runtime.InteropServices;
using EbpfLb.Native;
using EbpfLb.Netlink.Wire;

namespace EbpfLb.Netlink;

/// <summary>
/// A netlink socket, of NETLINK_ROUTE unless another protocol is asked for. It lives in the network namespace of the thread that opened it,
/// whoever uses it later. One request at a time.
/// </summary>
internal sealed class NetlinkSocket : IDisposable
{
    /// <summary>More than the kernel puts into one message (32 KiB).</summary>
    public const int BufferBytes = 64 << 10;

    /// <summary>Answers come while the request is sent; this only ends a wait that would never end.</summary>
    private const int AnswerTimeoutMilliseconds = 10_000;

    /// <summary>How often a dump is begun again because what it reads has changed meanwhile.</summary>
    private const int MaxDumps = 50;

    private readonly Socket socket;
    private readonly byte[] buffer = new byte[BufferBytes];
    private uint sequence;

    private NetlinkSocket(Socket socket) => this.socket = socket;

    /// <param name="groups">RTMGRP_... of linux/rtnetlink.h whose notifications arrive; 0 for a socket that only asks.</param>
    /// <param name="isEverywhere">Notifications of other namespaces too, of those that this one has an id for (CAP_NET_BROADCAST).</param>
    /// <param name="protocol">NETLINK_... of linux/netlink.h.</param>
    /// <exception cref="NetlinkException">The kernel refuses.</exception>
    public static NetlinkSocket Open(uint groups = 0, bool isEverywhere = false, int protocol = LibC.NETLINK_ROUTE)
    {
        var descriptor = Check(LibC.socket(LibC.AF_NETLINK, LibC.SOCK_RAW | LibC.SOCK_CLOEXEC, protocol), "open a netlink socket");
        var handle = new SafeSocketHandle(descriptor, ownsHandle: true);
        try
        {
            Check(LibC.setsockopt(handle, LibC.SOL_NETLINK, LibC.NETLINK_EXT_ACK, 1), "ask for explanations of netlink errors");
            Check(LibC.setsockopt(handle, LibC.SOL_NETLINK, LibC.NETLINK_CAP_ACK, 1), "ask for short netlink acknowledgements");
            if (isEverywhere) Check(LibC.setsockopt(handle, LibC.SOL_NETLINK, LibC.NETLINK_LISTEN_ALL_NSID, 1),
                "listen to other network namespaces", "CAP_NET_BROADCAST");
            var address = new LibC.SocketAddressNetlink { Family = (ushort)LibC.AF_NETLINK, Groups = groups };
            Check(LibC.bind(handle, address), "bind a netlink socket");
            return new NetlinkSocket(new Socket(handle) { ReceiveTimeout = AnswerTimeoutMilliseconds });
        }
        catch
        {
            handle.Dispose();
            throw;
        }
    }

    /// <summary>Sends a request and waits until the kernel has carried it out.</summary>
    /// <param name="operation">For the message of the exception.</param>
    /// <exception cref="NetlinkException">It was refused.</exception>
    public void Request(MessageBuilder request, string operation) => Get<object>(request, operation, static _ => null);

    /// <summary>Asks for one object; null when none came.</summary>
    /// <exception cref="NetlinkException">The kernel refused; where there is no such object, too.</exception>
    public T? Get<T>(MessageBuilder request, string operation, ParseMessage<T> parse)
        where T : class
    {
        T? found = null;
        var expected = Send(request, MessageFlags.Request | MessageFlags.Ack, operation);
        while (true)
        {
            var messages = new MessageReader(Receive(operation));
            while (messages.MoveNext())
            {
                if (messages.Current.Sequence != expected) continue;
                if (messages.Current.Type != MessageType.Error)
                {
                    found = parse(messages.Current) ?? found;
                    continue;
                }
                messages.Current.ThrowIfError(operation);
                return found;
            }
        }
    }

    /// <summary>Reads a whole table; again from the start when it changed under the reading.</summary>
    /// <param name="parse">Called for every object; null is left out.</param>
    /// <exception cref="NetlinkException">The kernel refused, or the table never stood still (EINTR).</exception>
    public List<T> Dump<T>(MessageBuilder request, string operation, ParseMessage<T> parse)
        where T : class
    {
        List<T> found = [];
        for (var tries = 0; tries < MaxDumps; tries++)
        {
            found.Clear();
            var expected = Send(request, MessageFlags.Request | MessageFlags.Dump, operation);
            if (ReadDump(expected, operation, parse, found)) return found;
        }
        throw new NetlinkException(NetlinkErrno.EINTR, operation, $"it changed during each of {MaxDumps} readings");
    }

    /// <summary>The next notifications; ENOBUFS when some were lost.</summary>
    public ValueTask<int> ReceiveAsync(Memory<byte> destination, CancellationToken cancellationToken)
        => socket.ReceiveAsync(destination, SocketFlags.None, cancellationToken);

    /// <summary>The number by which programs know the namespace of this socket (SO_NETNS_COOKIE, kernel 5.14).</summary>
    public ulong NamespaceCookie()
    {
        Check(LibC.getsockopt(socket.SafeHandle, LibC.SOL_SOCKET, LibC.SO_NETNS_COOKIE, out var cookie),
            "read the cookie of the network namespace");
        return cookie;
    }

    public void Dispose() => socket.Dispose();

    private bool ReadDump<T>(uint expected, string operation, ParseMessage<T> parse, List<T> found)
        where T : class
    {
        var isWhole = true;
        while (true)
        {
            var messages = new MessageReader(Receive(operation));
            while (messages.MoveNext())
            {
                var message = messages.Current;
                if (message.Sequence != expected) continue;
                isWhole &= !message.Flags.HasFlag(MessageFlags.DumpInterrupted);
                if (message.Type is MessageType.Done or MessageType.Error)
                {
                    message.ThrowIfError(operation);
                    return isWhole;
                }
                if (parse(message) is { } item) found.Add(item);
            }
        }
    }

    private uint Send(MessageBuilder request, MessageFlags flags, string operation)
    {
        sequence++;
        try
        {
            socket.Send(request.Finish(sequence, flags));
        }
        catch (SocketException e)
        {
            throw Wrap(e, operation);
        }
        return sequence;
    }

    private ReadOnlySpan<byte> Receive(string operation)
    {
        try
        {
            return buffer.AsSpan(0, socket.Receive(buffer));
        }
        catch (SocketException e)
        {
            throw Wrap(e, operation);
        }
    }

    private static NetlinkException Wrap(SocketException e, string operation)
        => new(e.SocketErrorCode == SocketError.NoBufferSpaceAvailable ? NetlinkErrno.ENOBUFS : (NetlinkErrno)e.NativeErrorCode, operation,
            e.Message);

    private static int Check(int result, string operation, string capability = "CAP_NET_ADMIN")
        => result >= 0 ? result
            : throw new NetlinkException((NetlinkErrno)Marshal.GetLastPInvokeError(), operation, capability: capability);
}
