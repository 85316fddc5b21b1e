namespace EbpfLb.Bpf.Tests.Errors;

public sealed class ConfinementTests
{
    [Theory]
    [InlineData(
        "cri-containerd.apparmor.d (enforce)\n",
        "a security module confines this process as 'cri-containerd.apparmor.d (enforce)'")]
    [InlineData(
        "system_u:system_r:container_t:s0:c1,c2\0",
        "a security module confines this process as 'system_u:system_r:container_t:s0:c1,c2'")]
    [InlineData("unconfined\n", "no security module confines this process ('unconfined'): look at who owns the directory")]
    [InlineData(
        "unconfined_u:unconfined_r:unconfined_t:s0-s0:c0.c1023\0",
        "no security module confines this process ('unconfined_u:unconfined_r:unconfined_t:s0-s0:c0.c1023'): look at")]
    [InlineData(
        "system_u:system_r:spc_t:s0\0", "no security module confines this process ('system_u:system_r:spc_t:s0'): look at who owns")]
    [InlineData(null, "a security module, or who owns the directory, may refuse it")]
    public void What_keeps_root_from_a_file_is_named_with_what_to_do(string? label, string start)
    {
        var advice = Confinement.Advice(label);

        Assert.StartsWith(start, advice, StringComparison.Ordinal);
        Assert.EndsWith("asks for AppArmor's Unconfined, that of OpenShift for SELinux's spc_t", advice, StringComparison.Ordinal);
    }
}
