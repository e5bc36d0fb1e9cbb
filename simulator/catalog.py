"""What a Brazilian marketplace seller plausibly sells, and what such a seller is called."""

# Product line, category, base price in cents, variants.
PRODUCTS: tuple[tuple[str, str, int, tuple[str, ...]], ...] = (
    ("Fone de Ouvido Bluetooth TWS", "MLB196208", 8_990, ("Preto", "Branco", "Azul")),
    ("Carregador Turbo 20W USB-C", "MLB5895", 4_990, ("Branco", "Preto")),
    ("Cabo USB-C Reforçado", "MLB5895", 1_990, ("1 m", "2 m", "3 m")),
    ("Película de Vidro 3D", "MLB5893", 1_790, ("Kit 2 un", "Kit 3 un")),
    ("Capa Anti-impacto Transparente", "MLB5893", 2_490, ("Slim", "Reforçada")),
    ("Smartwatch Esportivo", "MLB135384", 18_990, ("Preto", "Rosa", "Verde")),
    ("Caixa de Som Portátil", "MLB3835", 15_990, ("Preta", "Vermelha")),
    ("Teclado Mecânico ABNT2", "MLB418448", 22_990, ("Switch Azul", "Switch Vermelho")),
    ("Mouse Gamer RGB", "MLB1714", 9_990, ("Preto", "Branco")),
    ("Suporte Articulado para Monitor", "MLB1669", 16_990, ("1 tela", "2 telas")),
    ("Webcam Full HD", "MLB1651", 14_990, ("1080p", "1080p com Tripé")),
    ("SSD NVMe", "MLB439917", 32_990, ("500 GB", "1 TB")),
    ("Garrafa Térmica Inox", "MLB264051", 6_990, ("500 ml", "750 ml", "1 L")),
    ("Kit Potes Herméticos", "MLB264051", 7_990, ("5 peças", "10 peças")),
    ("Panela de Pressão Antiaderente", "MLB263532", 17_990, ("4,5 L", "6 L")),
    ("Air Fryer Digital", "MLB269540", 39_990, ("4 L 127V", "4 L 220V", "6 L 127V")),
    ("Liquidificador Turbo", "MLB5360", 15_990, ("127V", "220V")),
    ("Cafeteira Elétrica", "MLB30852", 13_990, ("127V", "220V")),
    ("Jogo de Lençol 400 Fios", "MLB271066", 12_990, ("Casal", "Queen", "King")),
    ("Toalha de Banho Felpuda", "MLB271066", 3_990, ("Branca", "Cinza", "Azul")),
    ("Travesseiro Viscoelástico", "MLB271066", 8_990, ("Unidade", "Kit 2 un")),
    ("Luminária de Mesa LED", "MLB1582", 7_490, ("Branca", "Preta")),
    ("Organizador de Gaveta", "MLB1574", 3_490, ("Kit 4 un", "Kit 8 un")),
    ("Furadeira de Impacto 650W", "MLB6254", 24_990, ("127V", "220V")),
    ("Jogo de Chaves Combinadas", "MLB6254", 11_990, ("12 peças", "26 peças")),
    ("Tênis de Corrida Leve", "MLB23332", 19_990, ("38", "40", "42")),
    ("Camiseta Dry Fit", "MLB31447", 4_990, ("P", "M", "G")),
    ("Mochila Impermeável para Notebook", "MLB26426", 12_990, ("Preta", "Cinza")),
    ("Óculos de Sol Polarizado", "MLB3111", 7_990, ("Preto", "Marrom")),
    ("Colchonete de Yoga", "MLB1338", 8_490, ("5 mm", "10 mm")),
    ("Kit Halteres Emborrachados", "MLB1338", 14_990, ("2 kg", "5 kg")),
    ("Corda de Pular com Rolamento", "MLB1338", 2_990, ("Preta", "Azul")),
    ("Ração Premium para Gatos", "MLB1072", 13_990, ("3 kg", "10 kg")),
    ("Cama Pet Lavável", "MLB1072", 9_490, ("P", "M", "G")),
    ("Fralda Ecológica Ajustável", "MLB1384", 3_290, ("Unidade", "Kit 3 un")),
    ("Bloco de Montar Criativo", "MLB1132", 9_990, ("500 peças", "1000 peças")),
    ("Sérum Facial Vitamina C", "MLB1246", 5_990, ("30 ml", "60 ml")),
    ("Secador de Cabelo Profissional", "MLB5409", 18_990, ("127V", "220V")),
    ("Suplemento Whey Concentrado", "MLB264201", 10_990, ("Baunilha 900 g", "Chocolate 900 g")),
    ("Câmera Wi-Fi de Segurança", "MLB11830", 16_990, ("Interna", "Externa")),
    ("Lâmpada Inteligente Wi-Fi", "MLB1582", 4_490, ("Unidade", "Kit 4 un")),
    ("Cadeira de Escritório Ergonômica", "MLB1621", 69_990, ("Preta", "Cinza")),
)

BRANDS = ("Aroeira", "Brisa", "Cedro", "Duna", "Estrela do Sul", "Ipê", "Jatobá", "Maré", "Nativa", "Pampa", "Serra Azul")

SHOP_WORDS = ("CASA", "LOJA", "MUNDO", "PONTO", "IMPERIO", "EMPORIO", "CENTRAL", "ARMAZEM", "OUTLET", "MEGA")
SHOP_NAMES = ("DAS.UTILIDADES", "DO.CELULAR", "TECH.BR", "DA.ECONOMIA", "PAULISTA", "MINEIRO", "CARIOCA", "DO.LAR", "ESPORTES", "PET")
FIRST_NAMES = ("Ana", "Bruno", "Camila", "Diego", "Fernanda", "Gustavo", "Juliana", "Marcelo", "Patrícia", "Rafael", "Tânia")
LAST_NAMES = ("Almeida", "Barbosa", "Cardoso", "Ferreira", "Gonçalves", "Lima", "Moreira", "Oliveira", "Ribeiro", "Souza")
