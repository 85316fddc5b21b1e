namespace EbpfLb.Datapath.Options;

/// <summary>How sockets are ended whose backend is gone.</summary>
public enum SocketEnding
{
    /// <summary>By bpf_sock_destroy() where the kernel has it, else by SOCK_DESTROY.</summary>
    Best,

    /// <summary>By SOCK_DESTROY of inet_diag.</summary>
    Netlink,
}
