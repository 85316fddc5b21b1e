namespace EbpfLb.Bpf.Tests.Errors;

public sealed class PermissionAdviceTests
{
    private const string Root = "         0          0 4294967295\n";

    /// <summary>All capabilities but CAP_SYS_ADMIN (bit 21).</summary>
    private const string All = "000001ffffdfffff";

    [Theory]
    [InlineData(All, Root, "none [integrity] confidentiality\n",
        "this process has the capabilities: kernel lockdown (integrity) or another security module refuses it")]
    [InlineData(All, Root, "none integrity [confidentiality]\n",
        "this process has the capabilities: kernel lockdown (confidentiality) or another security module refuses it")]
    [InlineData(All, Root, "[none] integrity confidentiality\n",
        "this process has the capabilities and the kernel is not locked down: a security module or a seccomp filter refuses it")]
    [InlineData(All, Root, null,
        "this process has the capabilities: kernel lockdown or another security module refuses "
            + "it (the state of lockdown, /sys/kernel/security/lockdown, cannot be read)")]
    [InlineData(All, "0 100000 65536\n", "none [integrity] confidentiality\n",
        "this process is in a user namespace, whose capabilities do not count for BPF: run it in the initial one")]
    [InlineData("000001bfffdfffff", Root, "none [integrity] confidentiality\n", "this process lacks CAP_PERFMON: run as root, or grant it")]
    [InlineData("0000000000000000", Root, null, "this process lacks CAP_BPF, CAP_NET_ADMIN, CAP_PERFMON: run as root, or grant them")]
    [InlineData("0000000000200000", Root, "[none] integrity confidentiality\n",
        "this process has the capabilities and the kernel is not locked down: a security module or a seccomp filter refuses it")]
    public void It_names_what_is_missing_and_nothing_that_is_there(string capabilities, string uidMap, string? lockdown, string advice)
        => Assert.Equal(advice, PermissionAdvice.Get($"Name:\tx\nCapPrm:\t0\nCapEff:\t{capabilities}\n", uidMap, lockdown));

    [Theory]
    [InlineData(null,
        "this process has the capabilities: the container's seccomp filter (seccompProfile), kernel lockdown or another security module "
            + "refuses it (the state of lockdown, /sys/kernel/security/lockdown, cannot be read)")]
    [InlineData("none [integrity] confidentiality\n",
        "this process has the capabilities: the container's seccomp filter (seccompProfile), kernel lockdown (integrity) or another "
            + "security module refuses it")]
    public void A_filter_of_system_calls_is_named_where_there_is_one(string? lockdown, string advice)
        => Assert.Equal(advice,
            PermissionAdvice.Get($"CapEff:\t{All}\nNoNewPrivs:\t1\nSeccomp:\t2\nSeccomp_filters:\t1\n", Root, lockdown));

    [Fact]
    public void A_process_with_all_capabilities_is_not_told_to_get_them()
        => Assert.DoesNotContain("lacks", new BpfException(Errno.EPERM, "load", "x").Message);
}
