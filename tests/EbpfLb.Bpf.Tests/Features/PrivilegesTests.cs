using System.Runtime.InteropServices;

namespace EbpfLb.Bpf.Tests.Features;

public sealed partial class PrivilegesTests
{
    [Fact]
    public void Root_passes() => Assert.Null(Xunit.Record.Exception(() => Privileges.Require("the test")));

    [Fact]
    public void Anybody_else_gets_one_clear_message()
    {
        var error = (BpfException)AsNobody(() => Xunit.Record.Exception(() => Privileges.Require("ebpflb run")))!;

        Assert.Equal(Errno.EPERM, error.Errno);
        Assert.StartsWith("ebpflb run needs the right to use BPF: EPERM (1, Operation not permitted); run as root", error.Message);
    }

    [Fact]
    public void Probing_without_rights_names_the_one_thing_that_is_missing()
    {
        var feature = Assert.Single(AsNobody(KernelFeatures.Probe));

        Assert.Equal((KernelFeatures.BpfSyscall, false), (feature.Name, feature.IsAvailable));
        Assert.Contains(Privileges.Advice, feature.Reason);
    }

    /// <summary>The system call, unlike the C function, changes the calling thread only; the thread ends with its work.</summary>
    private static T AsNobody<T>(Func<T> work)
    {
        // Once as root: libbpf keeps for the whole process what it finds out about the kernel at first. Refused to this thread, it would
        // take names for unsupported, and whatever tests beside this one make would have none.
        work();
        T result = default!;
        var changed = -1L;
        var thread = new Thread(() =>
        {
            changed = syscall(RuntimeInformation.ProcessArchitecture == Architecture.Arm64 ? 147 : 117, 65534, 65534, 65534);
            if (changed == 0)
                result = work();
        });
        thread.Start();
        thread.Join();
        Assert.Equal(0, changed); // these tests run as root
        return result;
    }

    // SYS_setresuid
    [LibraryImport("libc", SetLastError = true)]
    private static partial long syscall(long number, long real, long effective, long saved);
}
