using EbpfLb.Kubernetes.Wire;

namespace EbpfLb.Kubernetes.Tests.Wire;

public sealed class StringPoolTests
{
    [Fact]
    public void Equal_text_gives_the_same_instance()
    {
        var pool = new StringPool();
        Assert.Same(pool.Share("node-1"u8), pool.Share("node-1"u8));
    }

    [Fact]
    public void Other_text_gives_its_own_text_also_when_slots_run_out()
    {
        var pool = new StringPool(slots: 2);
        for (var i = 0; i < 100; i++) Assert.Equal($"node-{i}", pool.Share(System.Text.Encoding.UTF8.GetBytes($"node-{i}")));
    }

    [Fact]
    public void Long_and_non_ascii_text_survives()
    {
        var pool = new StringPool();
        var text = new string('ä', 500);
        Assert.Equal(text, pool.Share(System.Text.Encoding.UTF8.GetBytes(text)));
        Assert.Equal("größe", pool.Share("größe"u8));
    }
}
