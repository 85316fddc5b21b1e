namespace EbpfLb.Datapath.Tests.StaleSockets;

/// <summary>How sockets are found and ended.</summary>
public enum SocketWay
{
    /// <summary>By iterators and bpf_sock_destroy().</summary>
    Iterators,

    /// <summary>By iterators and SOCK_DESTROY.</summary>
    SockDestroy,

    /// <summary>By sock_diag and SOCK_DESTROY; nothing of it is a program.</summary>
    SockDiag,
}
