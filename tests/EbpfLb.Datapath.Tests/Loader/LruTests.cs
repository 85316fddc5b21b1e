using EbpfLb.Abi;
using EbpfLb.Bpf;
using EbpfLb.Datapath.Options;
using EbpfLb.Testing.Agents;

namespace EbpfLb.Datapath.Tests.Loader;

/// <summary>Maps that forget what was used longest ago must hold what they are made for, whichever CPUs write into them.</summary>
public sealed class LruTests
{
    [Fact]
    public async Task Datagrams_in_fragments_that_come_by_all_cpus_are_remembered_up_to_the_number_that_was_asked_for()
    {
        using var instance = new TestInstance();
        await using var dataplane = instance.Open();
        dataplane.Services.Apply(TestInstance.Table());
        dataplane.Hooks.Attach();
        using var frags = BpfMap.OpenPinned<LbFragKey, LbFrag>(
            new InstancePaths(BpfFs.MountPoint, instance.Options.Instance).Map(Abi.Tables.Frags.Name));
        var asked = instance.Options.Sizes!.Fragments;

        // The thread pool moves between CPUs as the scheduler likes.
        Parallel.For(0, asked, id => frags.Update(new LbFragKey { Id = (uint)id, Proto = 17 }, default));

        Assert.Equal(asked, (uint)frags.Keys().Count);
    }
}
