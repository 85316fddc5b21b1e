using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace EbpfLb.Native.Tests;

public sealed class DescriptorLeaseTests
{
    [Fact]
    public void A_handle_that_is_disposed_of_during_a_call_stays_open_until_the_call_is_over()
    {
        var file = File.OpenHandle("/proc/self/status");
        using (var lease = new DescriptorLease(file))
        {
            file.Dispose();
            Assert.Equal("/proc/" + Environment.ProcessId + "/status", TargetOf(lease.Value));
        }
    }

    [Fact]
    public void After_the_last_lease_the_descriptor_is_closed()
    {
        var file = new CountedHandle();
        using (var lease = new DescriptorLease(file))
        {
            file.Dispose();
            Assert.Equal(0, file.Releases);
            Assert.Equal(7, lease.Value);
        }
        Assert.Equal(1, file.Releases);
    }

    [Fact]
    public void A_call_with_a_handle_that_is_closed_does_not_reach_the_kernel()
    {
        var file = File.OpenHandle("/proc/self/status");
        file.Dispose();
        Assert.Throws<ObjectDisposedException>(() => LibC.read(file, new byte[1]));
        Assert.Throws<ObjectDisposedException>(() => LibC.setns(file, LibC.CLONE_NEWNET));
    }

    private static string? TargetOf(int descriptor)
        => File.ResolveLinkTarget($"/proc/self/fd/{descriptor}", returnFinalTarget: false)?.FullName;

    private sealed class CountedHandle : SafeHandle
    {
        public CountedHandle()
            : base(-1, ownsHandle: true) => SetHandle(7);

        public int Releases { get; private set; }

        public override bool IsInvalid => false;

        protected override bool ReleaseHandle()
        {
            Releases++;
            return true;
        }
    }
}
