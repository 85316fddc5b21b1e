using System.Runtime.InteropServices;

namespace EbpfLb.Netlink;

/// <summary>The kernel refused a netlink request. Decide on <see cref="Errno"/>; the text is for people.</summary>
/// <param name="errno">What the kernel answered.</param>
/// <param name="operation">What was tried, with its object: "add clsact to device 3".</param>
/// <param name="capability">What EPERM asks for.</param>
/// <param name="explanation">What the kernel said beside the number (extended ack); null when it said nothing.</param>
public sealed class NetlinkException(NetlinkErrno errno, string operation, string? explanation = null, string capability = "CAP_NET_ADMIN")
    : Exception($"{operation}: {errno} ({(int)errno}, "
        + $"{Marshal.GetPInvokeErrorMessage((int)errno)}){(explanation is null ? "" : $": {explanation}")}{Advice(errno, capability)}")
{
    /// <summary>The error number.</summary>
    public NetlinkErrno Errno => errno;

    /// <summary>The kernel's own words.</summary>
    public string? Explanation => explanation;

    private static string Advice(NetlinkErrno errno, string capability) => errno == NetlinkErrno.EPERM ? $"; {capability} is needed" : "";
}
