using System.Runtime.CompilerServices;

namespace EbpfLb.Abi.Tests;

public sealed class NetworkOrderTests
{
    [Fact]
    public void A_port_lies_in_memory_with_its_high_byte_first()
    {
        var port = Be16.FromHost(0x1f90);

        Assert.Equal([0x1f, 0x90], AbiBytes.Of(port).ToArray());
        Assert.Equal(8080, port.ToHost());
        Assert.Equal("8080", port.ToString());
        Assert.Equal(port, Be16.FromRaw(port.Raw));
        Assert.Equal(2, Unsafe.SizeOf<Be16>());
    }

    [Fact]
    public void An_address_lies_in_memory_as_it_is_written()
    {
        var address = Be32.FromHost(0x0a600001);

        Assert.Equal([10, 96, 0, 1], AbiBytes.Of(address).ToArray());
        Assert.Equal(0x0a600001u, address.ToHost());
        Assert.Equal("0a600001", address.ToString());
        Assert.Equal(address, Be32.FromRaw(address.Raw));
        Assert.Equal(4, Unsafe.SizeOf<Be32>());
    }
}
